import type { FarmKey } from "../core/farm-key.ts";
import type { NamedNode } from "../core/node.ts";
import type { RenderSettings } from "./options.ts";

/** All settings of a job, resolved from farmspec, environment, flags and prompts. */
export interface JobSettings extends RenderSettings {
  /** The farmspec's folder, if there is one: it is the project of the blendfiles in it. */
  readonly projectFolder: string | undefined;
  /** Nodes that the user named: they are contacted at once. */
  readonly nodes: readonly NamedNode[];
  /** Whether other nodes, found by mDNS, take part. */
  readonly discover: boolean;
  /** How long to wait when there is no node at all, in milliseconds; `undefined` waits for ever. */
  readonly waitMs: number | undefined;
  /** Keys that this machine knows, the preferred one first; may be empty. */
  readonly keys: readonly FarmKey[];
  readonly configFolder: string;
  readonly cacheFolder: string;
}
