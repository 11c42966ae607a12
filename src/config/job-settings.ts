import type { FarmKey } from "../core/farm-key.ts";
import type { NamedNode } from "../core/node.ts";
import type { RenderSettings } from "./options.ts";

/** Everything a job is told from outside, resolved from farmspec, environment, flags and prompts. */
export interface JobSettings extends RenderSettings {
  /** Nodes named by hand: they are contacted at once. */
  readonly nodes: readonly NamedNode[];
  /** Whether nodes that were not named, and are found by mDNS, take part. */
  readonly discover: boolean;
  /** How long to wait while there is no node at all, in milliseconds; `undefined` waits for ever. */
  readonly waitMs: number | undefined;
  /** Keys this machine knows, the one to be preferred first; may be empty. */
  readonly keys: readonly FarmKey[];
  readonly configFolder: string;
  readonly cacheFolder: string;
}
