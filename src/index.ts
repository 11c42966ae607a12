/** The public face of renderfarm: everything its own command line uses, and nothing else. */
export { type Folders, foldersOf } from "./config/folders.ts";
export { loadKeys } from "./config/keys.ts";
export { parseRenderFlags, type RenderFlags, type Surroundings, settleJob } from "./config/settle.ts";
export { type ExitCode, FarmError, type FarmErrorCode } from "./core/errors.ts";
export { type FarmKey, formatFarmKey, makeFarmKey, parseFarmKey } from "./core/farm-key.ts";
export type { FrameOrder } from "./core/frame-range.ts";
export type { JobSettings } from "./core/job-settings.ts";
export type { Frame, NodeAddress, NodeId, Sighting } from "./core/node.ts";
export { counted, printable } from "./core/text.ts";
export { formatBytes, formatDuration } from "./core/units.ts";
export { type DiscoverOptions, discoverNodes } from "./farm/discover-nodes.ts";
export type { FarmEvent, FarmEventMap, FarmEventName, FarmListener, NodeName, NodeTally } from "./farm/events.ts";
export {
  type CompletedJob,
  type InterruptedJob,
  type JobResult,
  type RenderOptions,
  renderJob,
} from "./farm/render-job.ts";
