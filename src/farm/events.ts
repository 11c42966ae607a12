import type { FarmErrorCode } from "../core/errors.ts";
import type { Frame, NodeId } from "../core/node.ts";

/** A node as events name it. */
export interface NodeName {
  readonly node: NodeId;
  readonly name: string;
}

/** What each node did for the job, for the summary. */
export interface NodeTally extends NodeName {
  readonly blender: string;
  /** Frames of this run that were stored from it. */
  readonly frames: number;
  /** Seconds that those frames took to render, added up. */
  readonly renderSeconds: number;
}

/** A job of which every expected frame is in the video. */
export interface JobSummary {
  readonly output: string;
  /** Frames expected, stored, checked and in the video. */
  readonly frames: number;
  /** How many of them an earlier run had stored. */
  readonly reused: number;
  readonly seconds: number;
  readonly nodes: readonly NodeTally[];
  readonly warnings: readonly string[];
}

/** Everything a job tells while it runs. Keys are `noun:verb`; scripts read them, so they are not renamed. */
export interface FarmEventMap {
  /** When the inputs were found good and the job folder is ours. */
  "job:started": { blend: string; output: string; folder: string };
  /** When it is known which Blender renders: a run of the job begins. `blender` is `null` when versions are mixed. */
  "job:begun": { job: string; run: number; blender: string | null };
  /** When frames of an earlier run are about to be proved again, which takes a while when they are many or large. */
  "job:checking": { frames: number };
  /** When a job folder of an earlier run is taken up: these of its frames are whole and are not rendered again. */
  "job:resumed": { stored: number; range: string };
  /** When this machine is kept from falling asleep, until the job ends. */
  "machine:awake": Record<never, never>;
  /** When what an earlier run stored cannot be used, because something that changes pixels has changed. */
  "job:restarted": { reason: string };
  /** When the first scan of the network is over; discovery goes on. */
  "discovery:scanned": { nodes: number };
  /** When a node has proved itself and was taken into the job. */
  "node:found": NodeName & { address: string; blender: string; slots: number };
  /** When a node takes no part, with the reason and what can be done. */
  "node:excluded": { name: string; code: FarmErrorCode; message: string; hint: string };
  /** When a node cannot be reached for the first time; it is tried again for as long as the job runs. */
  "node:unreachable": { name: string; message: string; hint: string };
  /** When a node works for somebody else; it is asked again. */
  "node:busy": NodeName & { holder: string };
  /** While the blendfile goes to a node. */
  "node:uploading": NodeName & { haveBytes: number; sizeBytes: number };
  /** When a node has opened the blendfile, for the first time or again. */
  "node:joined": NodeName & { blender: string };
  "node:lost": NodeName & { message: string };
  "node:barred": NodeName & { reason: string };
  "node:forgiven": NodeName;
  /** When all nodes are gone: the job waits for one. */
  "job:waiting": { missing: number };
  /** When it is known what will be rendered. */
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
  "frame:started": NodeName & { frame: Frame; slot: number };
  "frame:progressed": NodeName & { frame: Frame; slot: number; fraction: number | null };
  /** When a node has rendered a frame and holds it for us; `seconds` is its render time. */
  "frame:rendered": NodeName & { frame: Frame; seconds: number };
  /** When a frame is checked and safely on disk. */
  "frame:stored": NodeName & { frame: Frame; seconds: number; stored: number; total: number };
  /** When an attempt came to nothing and the frame goes back into the queue. `code` is `null` when nobody is to blame. */
  "frame:requeued": NodeName & { frame: Frame; code: string | null; reason: string };
  /** When FFmpeg refused a stored frame, which was set aside as `file`: it is rendered again, once. */
  "frame:refused": NodeName & { frame: Frame; message: string; file: string };
  /** When a frame was given up. */
  "frame:failed": { frame: Frame; code: string; message: string; hint: string };
  /** About once a second. `etaMs` is `null` while nothing can be said. */
  "job:progressed": {
    stored: number;
    total: number;
    nodes: number;
    running: number;
    encoded: number;
    etaMs: number | null;
  };
  /** When the encoder failed while frames were arriving; the video is made from the stored frames at the end. */
  "encode:postponed": { message: string };
  /** Something the user should look at; each is told once and repeated in the summary. */
  warning: { code: string; message: string; name: string | null };
  /** When the nodes that discovery found were written into a farmspec. */
  "farmspec:saved": { path: string; nodes: number };
  /** When the user wants the job to end, and all that is left is to finish the output. */
  "output:finishing": Record<never, never>;
  /** When no new frame is begun any more, and what runs is finished. */
  "job:draining": { running: number };
  /** When every expected frame is in the output, which is in its place. Nothing follows. */
  "job:completed": JobSummary;
  /** When the job was stopped by the user: `missing` frames are not stored; `null` before their number was known. */
  "job:interrupted": { missing: number | null };
  /** When the job cannot go on. Nothing follows; the same call goes on from what is stored. */
  "job:failed": { code: string; message: string; hint: string };
}

export type FarmEventName = keyof FarmEventMap;

/** One event with its payload, as a listener gets it. */
export type FarmEvent = {
  [Name in FarmEventName]: { readonly type: Name } & Readonly<FarmEventMap[Name]>;
}[FarmEventName];

/** Hears all events of a job, in order. It must not throw. */
export type FarmListener = (event: FarmEvent) => void;
