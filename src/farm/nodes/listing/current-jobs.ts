import { FarmError } from "../../../core/errors.ts";
import type { FarmKey } from "../../../core/farm-key.ts";
import { inParallel } from "../../../core/in-parallel.ts";
import type { NodeId, Sighting } from "../../../core/node.ts";
import type { NodeInfo } from "../../../session/protocol.ts";
import { dialWebSocket } from "../../../session/websocket-link.ts";
import { connectNode } from "../connect-node.ts";
import { KnownNodes } from "../trust/known-nodes.ts";
import { NodeTrust } from "../trust/node-trust.ts";
import { OpenNodes } from "../trust/open-nodes.ts";

/** What a busy node renders, and for whom, in its own words; `since` is in milliseconds of Unix time. */
export type CurrentJob = NonNullable<NodeInfo["job"]>;

export interface CurrentJobsOptions {
  /** The farm keys of this machine. */
  readonly keys: readonly FarmKey[];
  readonly configFolder: string;
  readonly signal?: AbortSignal;
}

const answersWithinMs = 3_000;
const askedAtOnce = 16;

/**
 * Asks the busy ones of these nodes what they render. What a node announces to the whole network does not say it, so
 * only nodes whose key this machine has are asked.
 *
 * @returns By node; those that do not answer, or do not say, are not in it
 */
export async function currentJobs(
  nodes: readonly Sighting[],
  { keys, configFolder, signal }: CurrentJobsOptions,
): Promise<ReadonlyMap<NodeId, CurrentJob>> {
  const knownNodes = new KnownNodes(configFolder);
  const openNodes = new OpenNodes({ confirm: undefined, knownNodes, tell: () => {} });
  const trust = new NodeTrust({ knownNodes, openNodes, keys });
  const asked = nodes.filter(({ state, keyId }) => state === "busy" && keys.some(({ id }) => id === keyId));
  const jobs = new Map<NodeId, CurrentJob>();
  await inParallel(asked, askedAtOnce, async (sighting) => {
    const within = AbortSignal.timeout(answersWithinMs);
    const stop = signal === undefined ? within : AbortSignal.any([signal, within]);
    try {
      const connected = await connectNode(trust, { sighting, dial: dialWebSocket }, () => {}, stop);
      await using session = connected.session;
      const { node, job } = session.info;
      if (job) jobs.set(node, job);
    } catch (error) {
      signal?.throwIfAborted();
      if (!within.aborted && !(error instanceof FarmError)) throw error;
    }
  });
  return jobs;
}
