import { FarmError } from "../core/errors.ts";
import { type FarmKey, openKey } from "../core/farm-key.ts";
import type { NodeId, Sighting } from "../core/node.ts";

/** Who asks to be trusted, and how we came to know of it. */
export interface TrustQuestion {
  readonly node: NodeId;
  /** The key the node asks for; `null` when it is open. */
  readonly keyId: string | null;
  readonly source: Sighting["source"];
  /** Whether this node has proved a key to us before. */
  readonly wasKeyed: boolean;
  readonly keys: readonly FarmKey[];
}

/**
 * The rules of trust: a node found by mDNS is used only with a key, an open one only when the user named it himself, and
 * one that ever had a key never without.
 *
 * @returns The key to go on with
 * @throws {FarmError} `FARM_KEY_UNUSABLE` with the way out
 */
export function chooseKey(question: TrustQuestion): FarmKey {
  const shortId = question.node.slice(0, 8);
  if (question.keyId === null) {
    if (question.wasKeyed) {
      throw new FarmError(
        "FARM_KEY_UNUSABLE",
        `Cannot trust the node ${shortId}: it had a key before and asks for none now`,
        "If you made it open on purpose, delete known-nodes.json in the config folder",
      );
    }
    if (question.source === "mdns") {
      throw new FarmError(
        "FARM_KEY_UNUSABLE",
        `Cannot use the node ${shortId}: it is open, and it was not named by you`,
        "Start it without --open, or name it with --nodes host:port",
      );
    }
    return openKey;
  }
  const key = question.keys.find((candidate) => candidate.id === question.keyId);
  if (key) return key;
  const have = question.keys.map((candidate) => candidate.id).join(", ");
  throw new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot use the node ${shortId}: it has the farm key ${question.keyId}, and this machine has ${have || "none"}`,
    "Set RENDERFARM_KEY, or --key-file FILE, to the key that the node showed when it was first started",
  );
}
