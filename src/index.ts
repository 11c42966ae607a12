/** The public API of renderfarm: everything that its own command line uses, and nothing else. */
export { readSceneRange, type SceneRange } from "./blendfile/scene-range.ts";
export { formatFarmKey, parseFarmKey } from "./config/farm-key-text.ts";
export {
  type Farmspec,
  farmspecJsonSchema,
  farmspecName,
  farmspecOf,
  formatFarmspec,
  parseFarmspec,
  readFarmspec,
  writeFarmspec,
} from "./config/farmspec.ts";
export { flagsOfEnvironment, parseRenderFlags } from "./config/flags.ts";
export { type Folders, foldersOf } from "./config/folders.ts";
export type { JobSettings } from "./config/job-settings.ts";
export { keyFileOf, loadKeys, saveKey, saveNewKey } from "./config/keys.ts";
export { optionTable } from "./config/option-table.ts";
export type { Option, OptionGroup } from "./config/options/option.ts";
export { flagOf, type OptionName, optionEntries, type RenderFlags } from "./config/options.ts";
export { type Overrides, overrideTexts, type Resolution } from "./config/overrides.ts";
export { previewNameOf } from "./config/preview.ts";
export { recentBlends, rememberBlend } from "./config/recent.ts";
export { type Context, type JobRequest, layerFlags, resolveSettings } from "./config/resolve-settings.ts";
export { type ExitCode, FarmError, type FarmErrorCode } from "./core/errors.ts";
export { type FarmKey, makeFarmKey } from "./core/farm-key.ts";
export { type FrameOrder, parseFrames } from "./core/frame-range.ts";
export type { Frame, NodeAddress, NodeId, Sighting, Starter } from "./core/node.ts";
export { formatAddress, nodeListOf } from "./core/node-list.ts";
export { ownCommand } from "./core/own-command.ts";
export { nameOfFormat } from "./core/pictures/picture-format.ts";
export { counted, printable, printableJson, printableLines, shellWord, shorten, withoutControls } from "./core/text.ts";
export { formatBytes, formatDuration } from "./core/units.ts";
export {
  type CheckedOrder,
  type CheckOptions,
  type CheckRequest,
  checkScene,
  type SceneCheck,
} from "./farm/check-scene.ts";
export { type DoctorOptions, examine } from "./farm/doctor/doctor.ts";
export type { Finding } from "./farm/doctor/finding.ts";
export type {
  FarmEvent,
  FarmEventMap,
  FarmEventName,
  FarmListener,
  JobSummary,
  NodeName,
  NodeTally,
  OutputKind,
  Sent,
} from "./farm/events.ts";
export type { Estimate } from "./farm/job/estimate/estimate.ts";
export type { ConfirmEstimate } from "./farm/job/estimate/trial.ts";
export { type NodeProgramOptions, runNode } from "./farm/local-node/run-node.ts";
export { askBlenderForRange } from "./farm/local-node/scene-by-blender.ts";
export { type DuplicateIds, duplicatesOf } from "./farm/nodes/duplicates.ts";
export { type CurrentJob, type CurrentJobsOptions, currentJobs } from "./farm/nodes/listing/current-jobs.ts";
export { type DiscoverOptions, discoverNodes } from "./farm/nodes/listing/discover-nodes.ts";
export type { ConfirmOpenNode, OpenNode } from "./farm/nodes/trust/open-nodes.ts";
export type { CheckedFile } from "./farm/output/checked-files.ts";
export { type EncodedFolder, type EncodeFolderOptions, encodeFolder } from "./farm/output/encode-folder.ts";
export { FilesMissingError } from "./farm/output/missing-files.ts";
export { requireOutputKind } from "./farm/output/prepare-output.ts";
export { FarmSearch, type FarmSearchOptions } from "./farm/pairing/farm-search.ts";
export { type FarmMachine, type FarmOnNetwork, farmsOf } from "./farm/pairing/farms.ts";
export { Inviter, type InviterOptions } from "./farm/pairing/inviter.ts";
export {
  type CompletedJob,
  type EstimatedJob,
  type InterruptedJob,
  type JobResult,
  type RenderOptions,
  renderJob,
} from "./farm/render-job.ts";
export { type JobReport, reportOf } from "./farm/report/job-report.ts";
export { namedJobFolder } from "./frames/job-folder-place.ts";
export type { InvitationHandlers } from "./pairing/await-invitation.ts";
export type { AskCode } from "./pairing/inviting.ts";
export { homeFolder } from "./system/files/home-folder.ts";
export { LineFile } from "./system/files/line-file.ts";
export { type DesktopNotification, notifyDesktop } from "./system/programs/desktop-notification.ts";
export { runShellCommand } from "./system/programs/shell-command.ts";
