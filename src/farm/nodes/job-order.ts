import type { Overrides } from "../../config/overrides.ts";
import type { Frame } from "../../core/node.ts";
import type { WantedPictures } from "../../core/pictures/picture-form.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { Reference } from "../../session/protocol.ts";
import type { Blob } from "../../session/transfer/upload.ts";
import type { UpcomingFrames } from "./supply/upcoming-frames.ts";

/** What every connector needs to know about the job. */
export interface JobOrder {
  readonly job: string;
  /** What is rendered and who has the nodes, for people at other machines. */
  readonly title: { readonly name: string; readonly holder: string };
  readonly blob: Blob;
  readonly files: JobFiles;
  readonly upcoming: UpcomingFrames;
  readonly scene: string | null;
  readonly colorMode: "RGB" | null;
  /** Whether scripts in the blendfile may run where the node allows it. */
  readonly allowScripts: boolean;
  /** Whether to play what is not baked up to each frame. */
  readonly simulations: "play" | null;
  /** With how many frames a scene is worth a small picture from each node; `null` for none. */
  readonly sampleFrom: number | null;
  /** What is rendered otherwise than the file says; `null` for nothing. */
  readonly overrides: Overrides | null;
  /** What is wanted of each frame besides its PNG. */
  readonly pictures: WantedPictures;
  /** Add-ons of the nodes that are enabled for it. */
  readonly addons: readonly string[];
  /** Whether to render without what is missing. */
  readonly allowMissing: boolean;
}

/** A file of the job, and its path there. */
export interface PlacedBlob {
  readonly at: string;
  readonly blob: Blob;
}

/** The files that travel with the blendfile. They become known while nodes open it. */
export interface JobFiles {
  /** The blendfile's path among them. */
  readonly blendPath: string;
  /** The color configuration among them, which Blender must be told of; `null` if there is none. */
  readonly colors: string | null;
  /** The files that are known, and a list of them for the nodes; `null` if there are none. */
  readonly current: { readonly files: readonly Blob[]; readonly list: Blob | null };
  /** The files that only some frames need. They become known with the others. */
  readonly contents: { readonly later: readonly string[]; neededBy(frame: Frame): readonly PlacedBlob[] };
  /** Adds those that a node has found missing. @returns Whether there are new ones, so that the node must load again */
  add(references: readonly Reference[]): Promise<boolean>;
  /** A node has all current ones. */
  heldBy(session: NodeSession): void;
  /** Gets a file as it was, which the user has changed, from a node. @returns `undefined` if none has it */
  recover(file: Blob, signal: AbortSignal): Promise<Blob | undefined>;
}
