import type { Overrides } from "../config/overrides.ts";
import type { FarmErrorCode } from "../core/errors.ts";
import type { Frame, NodeId } from "../core/node.ts";
import type { Estimate } from "./job/estimate/estimate.ts";

/** A node as events name it. */
export interface NodeName {
  readonly node: NodeId;
  readonly name: string;
}

/** What was sent to a node, as far as it is known: opening the blendfile may show more. */
export interface Sent {
  readonly haveBytes: number;
  readonly sizeBytes: number;
  /** How many files, the blendfile included, the node does not have yet. */
  readonly filesLeft: number;
  /** `null` while it is not known. */
  readonly bytesPerSecond: number | null;
  /** How long the rest will take at this speed; `null` while that is not known. */
  readonly etaMs: number | null;
}

/** What each node did for the job, for the summary. */
export interface NodeTally extends NodeName {
  readonly blender: string;
  /** Frames of this run that were stored from it. */
  readonly frames: number;
  /** Seconds that those frames took to render, added up. */
  readonly renderSeconds: number;
}

/** What a job makes: a video, which may be a GIF, or a picture of each frame. */
export type OutputKind = "video" | "pictures";

/** A job of which every expected frame is in the output. */
export interface JobSummary {
  readonly output: string;
  /** Frames expected, stored, checked and in the output. */
  readonly frames: number;
  /** How many of them an earlier run had stored. */
  readonly reused: number;
  readonly seconds: number;
  readonly nodes: readonly NodeTally[];
  readonly warnings: readonly string[];
  /** Where the pictures of File Output nodes are; absent if there are none. */
  readonly passes?: { readonly folder: string; readonly files: number };
  /** Where the pictures are that the user wanted beside a video; absent if there are none. */
  readonly pictures?: { readonly folder: string; readonly files: number };
}

/** The events of a job. Keys are `noun:verb`; scripts read them, so they are not renamed. */
export interface FarmEventMap {
  /** The first frames of a job with `estimate` are stored: how long the others will take. */
  "estimate:made": Estimate;
  /** The inputs are valid, and the job folder belongs to this run. */
  "job:started": {
    blend: string;
    output: string;
    folder: string;
    makes: OutputKind;
    /** What is rendered otherwise than the blendfile says; `null` for nothing. */
    overrides: Overrides | null;
  };
  /** A run of the job begins, as the Blender version is known. `blender` is `null` when versions are mixed. */
  "run:started": { job: string; run: number; blender: string | null };
  /** Frames of an earlier run are about to be checked again, which takes a while if they are many or large. */
  "job:checking": { frames: number };
  /** The job continues an earlier run: these frames are intact and are not rendered again. */
  "job:resumed": { stored: number; range: string };
  /** This machine is kept awake until the job ends. */
  "machine:awake": Record<never, never>;
  /** Frames of an earlier run cannot be used, because something that affects pixels has changed. */
  "job:restarted": { reason: string };
  /** Stored frames are rendered again, because files that only they need have changed. They are kept in `folder`. */
  "frames:outdated": { frames: number; range: string; reason: string; folder: string };
  /** The first scan of the network is over; discovery continues. */
  "discovery:scanned": { nodes: number };
  /** A node has authenticated itself and may take part. */
  "node:found": NodeName & { address: string; blender: string; slots: number };
  /** A node takes no part: why, and what can be done. */
  "node:excluded": { name: string; code: FarmErrorCode; message: string; hint: string };
  /** A node cannot be reached, which is said once until it answers; it is retried as long as the job runs. */
  "node:unreachable": { name: string; message: string; hint: string };
  /** What `node:unreachable` or `node:excluded` said of a node, with this name and message, is over. */
  "alarm:ended": { name: string; message: string; was: "unreachable" | "excluded" };
  /** A node works for another job; it is asked again later. `job` is that job's name; `null` if the node does not say. */
  "node:busy": NodeName & { holder: string; job: string | null };
  /** A node gets the blendfile and the files that it needs to open it, before it renders. */
  "node:uploading": NodeName & Sent;
  /** A node that renders gets the files of its next frames. */
  "node:receiving": NodeName & Sent;
  /** A node has opened the blendfile, for the first time or again. */
  "node:joined": NodeName & { blender: string };
  "node:lost": NodeName & { message: string };
  "node:barred": NodeName & { reason: string };
  "node:forgiven": NodeName;
  /** All nodes are gone: the job waits for one. */
  "job:waiting": { missing: number };
  /** What will be rendered is known. */
  "scene:read": {
    scene: string;
    frames: number;
    /** The frames themselves, as `--frames` takes them: "1-24,30". */
    range: string;
    firstFrame: Frame;
    lastFrame: Frame;
    fps: string;
    width: number;
    height: number;
    engine: string;
  };
  /** This machine has a Blender, and does not take part beside the nodes that were found. `reason` follows "because". */
  "here:idle": { reason: string };
  /** A node bakes simulations into a copy of the blendfile, and compares it with the played scene. */
  "bake:started": NodeName & { simulations: number; limitMs: number | null };
  /** About once a second. `etaMs` is `null` while there is no estimate. */
  "bake:progressed": NodeName & { fraction: number; etaMs: number | null };
  /** The bake is expected to take so long that the user may want the scene played instead. */
  "bake:long": NodeName & { expectedMs: number };
  /** `why` says why there is no bake; `null` if there is one. Without one, it is tried `again`, or each node plays the scene. */
  "bake:ended": NodeName & { seconds: number; why: string | null; again: boolean };
  "frame:started": NodeName & { frame: Frame; slot: number };
  "frame:progressed": NodeName & { frame: Frame; slot: number; fraction: number | null };
  /** A node has rendered a frame and holds its result; `seconds` is the render time. */
  "frame:rendered": NodeName & { frame: Frame; seconds: number };
  /** A frame is checked and safely on disk. */
  "frame:stored": NodeName & { frame: Frame; seconds: number; stored: number; total: number };
  /**
   * A new process has rendered a frame again, on the same node. `unrepeatable`: it looks different each time; `none`: the
   * check did not come to an end.
   */
  "frame:checked": NodeName & {
    frame: Frame;
    slot: number;
    outcome: "equal" | "different" | "unrepeatable" | "none";
  };
  /** Stored frames are rendered again, because their slot was found to render differently from a new process. */
  "frames:doubted": NodeName & { range: string };
  /** An attempt failed or was wasted, and its frame is queued again. `code` is `null` when nobody is to blame. */
  "frame:requeued": NodeName & { frame: Frame; code: string | null; reason: string };
  /** FFmpeg refused a stored frame. Its file is kept as `file`, and the frame is rendered again, once. */
  "frame:refused": NodeName & { frame: Frame; message: string; file: string };
  /** A frame failed for good. */
  "frame:failed": { frame: Frame; code: string; message: string; hint: string };
  /**
   * About once a second. `etaMs` is how long the rest is expected to take, from the first frames on; `etaRangeMs` is the
   * shortest and the longest time that would be no surprise, and gets narrower as more is known. Both are `null` while
   * there is no estimate.
   */
  "job:progressed": {
    stored: number;
    total: number;
    nodes: number;
    running: number;
    encoded: number;
    etaMs: number | null;
    etaRangeMs: readonly [least: number, most: number] | null;
  };
  /** The encoder failed while frames were arriving; the video is made from the stored frames at the end. */
  "encode:postponed": { message: string };
  /** Something the user should know; each warning is given once, and repeated in the summary. */
  warning: { code: string; message: string; name: string | null };
  /** The nodes that discovery found were written to a farmspec. */
  "farmspec:saved": { path: string; nodes: number };
  /** The pictures of the scene's File Output nodes are in place, in a folder beside the output. */
  "passes:written": { folder: string; files: number };
  /** The pictures that the user wanted beside a video are in place. */
  "pictures:written": { folder: string; files: number };
  /** The user asked the job to end, and only the output is left to finish. */
  "output:finishing": Record<never, never>;
  /** No new frame is started; those that are running are finished. */
  "job:draining": { running: number };
  /** Every expected frame is in the output, which is in place. The last event. */
  "job:completed": JobSummary;
  /**
   * The user stopped the job: `missing` frames are not stored; `null` before their number was known. The last event.
   */
  "job:interrupted": { missing: number | null };
  /** Only the frames of the estimate were rendered. They are kept: a job without `estimate` uses them. The last event. */
  "job:estimated": Estimate;
  /** The job cannot continue; the same call continues from what is stored. The last event. */
  "job:failed": { code: string; message: string; hint: string };
}

export type FarmEventName = keyof FarmEventMap;

/** One event with its payload, as a listener receives it. */
export type FarmEvent = {
  [Name in FarmEventName]: { readonly type: Name } & Readonly<FarmEventMap[Name]>;
}[FarmEventName];

/** Called with each event of a job, in order. It must not throw. */
export type FarmListener = (event: FarmEvent) => void;
