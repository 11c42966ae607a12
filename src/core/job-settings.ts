import type { FarmKey } from "./farm-key.ts";
import type { FrameOrder } from "./frame-range.ts";
import type { NodeAddress, NodeId } from "./node.ts";

export type VideoCodec = "h264" | "hevc" | "av1" | "vp9" | "prores" | "ffv1";

/** A node that the user named, on the command line or in a farmspec. */
export interface NamedNode {
  readonly address: NodeAddress;
  /** With it the node is found again when its address has changed. */
  readonly id?: NodeId;
  readonly name?: string;
  /** Whether to connect by TLS, also when nothing else tells that it has it. */
  readonly tls?: boolean;
  /**
   * Whether it may ask for no key: for a node that the user has named himself. Of others he is asked first, since a farmspec
   * may be somebody else's.
   */
  readonly mayBeOpen?: boolean;
}

/** Everything a job is told from outside: farmspec, environment, flags and prompts have been settled into it. */
export interface JobSettings {
  /** Absolute path of the blendfile. */
  readonly blend: string;
  /** Absolute path of the video. */
  readonly output: string;
  /** Absolute path of a folder in which the job folder is made; when left out, it is beside the output. */
  readonly jobDir?: string | undefined;
  /** Frame numbers as text, "1-24,30"; `undefined` takes the scene's own range and step. */
  readonly frames: string | undefined;
  /** Scene by name; `undefined` takes the one the file was saved in. */
  readonly scene: string | undefined;
  /** Frames per second as text, "24" or "30000/1001"; `undefined` takes the scene's own rate. */
  readonly fps: string | undefined;
  readonly order: FrameOrder;
  /** Nodes named by hand: they are contacted at once. */
  readonly nodes: readonly NamedNode[];
  /** Whether nodes that were not named, and are found by mDNS, take part. */
  readonly discover: boolean;
  /** Render on this machine alone. */
  readonly isLocal: boolean;
  /** Slots of the node on this machine, if one is started. */
  readonly localSlots: number;
  /** Blender version to render with, "3.4" or "3.4.1"; `undefined` takes that of most nodes. */
  readonly blenderVersion: string | undefined;
  readonly mixVersions: boolean;
  /** What to do about files that the blendfile names and the nodes do not have. */
  readonly missing: "fail" | "warn";
  /** Whether scripts in the blendfile may run, on nodes that allow it too. */
  readonly allowScripts: boolean;
  /** Whether this machine may fall asleep while the job runs. */
  readonly allowSleep: boolean;
  /** Quality of the video, lower is better, in the codec's own scale; `undefined` is the codec's default. */
  readonly crf: number | undefined;
  /** How the video is compressed; `undefined` is the usual codec of the output's kind. */
  readonly codec: VideoCodec | undefined;
  /** Absolute path for a picture of the first frame; `undefined` makes none. */
  readonly poster: string | undefined;
  readonly keepFrames: boolean;
  readonly overwrite: boolean;
  /** Begin anew even where frames of an earlier run could be used; they are kept aside. */
  readonly isFresh: boolean;
  /** How long to wait while there is no node at all, in milliseconds; `undefined` waits for ever. */
  readonly waitMs: number | undefined;
  /** Keys this machine knows, the one to be preferred first; may be empty. */
  readonly keys: readonly FarmKey[];
  /** Absolute path of a PEM file with the authorities that sign the nodes' certificates; `undefined` pins each node's own. */
  readonly tlsCa: string | undefined;
  /** FFmpeg to use; `undefined` looks at FFMPEG_PATH and PATH. */
  readonly ffmpeg: string | undefined;
  /** Blender for a node on this machine; `undefined` looks at BLENDER and PATH. */
  readonly blender: string | undefined;
  readonly configFolder: string;
  readonly cacheFolder: string;
}
