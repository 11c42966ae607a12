/** The public face of renderfarm: everything its own command line uses, and nothing else. */
export { flagsOfEnvironment } from "./config/environment.ts";
export {
  type Farmspec,
  farmspecJsonSchema,
  farmspecName,
  farmspecOf,
  parseFarmspec,
  readFarmspec,
  writeFarmspec,
} from "./config/farmspec.ts";
export { parseRenderFlags, type RenderFlags } from "./config/flags.ts";
export { type Folders, foldersOf } from "./config/folders.ts";
export { keyFileOf, loadKeys, saveKey } from "./config/keys.ts";
export { recentBlends, rememberBlend } from "./config/recent.ts";
export { layerFlags, type Surroundings, settleJob } from "./config/settle.ts";
export { type ExitCode, FarmError, type FarmErrorCode } from "./core/errors.ts";
export { type FarmKey, formatFarmKey, makeFarmKey, parseFarmKey } from "./core/farm-key.ts";
export { type FrameOrder, parseFrames } from "./core/frame-range.ts";
export type { JobSettings } from "./core/job-settings.ts";
export type { Frame, NodeAddress, NodeId, Sighting } from "./core/node.ts";
export { ownCommand } from "./core/own-command.ts";
export { counted, printable, printableJson, printableLines, withoutControls } from "./core/text.ts";
export { formatBytes, formatDuration } from "./core/units.ts";
export { type DiscoverOptions, discoverNodes } from "./farm/discover-nodes.ts";
export { type DoctorOptions, examine, type Finding } from "./farm/doctor.ts";
export { type EncodedFolder, type EncodeFolderOptions, encodeFolder } from "./farm/encode-folder.ts";
export type { FarmEvent, FarmEventMap, FarmEventName, FarmListener, NodeName, NodeTally } from "./farm/events.ts";
export { type JobReport, reportOf } from "./farm/job-report.ts";
export { type NodeProgramOptions, runNode } from "./farm/node-program.ts";
export {
  type CompletedJob,
  type InterruptedJob,
  type JobResult,
  type RenderOptions,
  renderJob,
} from "./farm/render-job.ts";
