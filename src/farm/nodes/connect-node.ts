import { FarmError } from "../../core/errors.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { NodeAddress, Sighting } from "../../core/node.ts";
import type { Claim } from "../../session/greeting.ts";
import type { TlsDemand } from "../../session/link.ts";
import type { NodeReport } from "../../session/node-report.ts";
import { NodeSession } from "../../session/node-session.ts";
import { addressesOf } from "./duplicates.ts";
import type { Candidate } from "./node-source.ts";

/** How a node was reached: what it claims of itself, and on which link. */
export interface Contact {
  readonly claim: Claim;
  readonly sighting: Sighting;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, 64 hexadecimal digits; `undefined` on a link in clear. */
  readonly certificate: string | undefined;
}

/** The rules of trust that a node must satisfy. */
export interface ConnectHost {
  /** What a node must show before anything is said to it; `undefined` dials in clear. */
  demandTls(sighting: Sighting, address: NodeAddress): TlsDemand | undefined;
  /** Nothing was proved yet. @throws {FarmError} When the node is not to be trusted */
  chooseKey(contact: Contact): FarmKey;
}

/**
 * Reaches a node and exchanges proofs with it, at the first of its addresses where that succeeds: anybody may answer mDNS
 * with somebody else's id, so a wrong proof at one address says nothing about who is at the next.
 *
 * @returns The session, which is the caller's to dispose of, and how the node was met
 * @throws {FarmError} What went wrong at the first address, the best one; the signal's reason
 */
export async function connectNode(
  host: ConnectHost,
  candidate: Candidate,
  onReport: (report: NodeReport) => void,
  signal: AbortSignal,
): Promise<{ session: NodeSession; contact: Contact }> {
  let problem: unknown;
  for (const address of addressesOf(candidate.sighting)) {
    try {
      return await connectAt(host, candidate, address, onReport, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof FarmError)) throw error;
      problem ??= error;
    }
  }
  throw problem;
}

async function connectAt(
  host: ConnectHost,
  { sighting, dial }: Candidate,
  address: NodeAddress,
  onReport: (report: NodeReport) => void,
  signal: AbortSignal,
): Promise<{ session: NodeSession; contact: Contact }> {
  const link = await dial(address, signal, host.demandTls(sighting, address));
  const certificate = link.tlsFingerprint.length > 0 ? link.tlsFingerprint.toString("hex") : undefined;
  let contact: Contact | undefined;
  const session = await NodeSession.open({
    link,
    expectedNode: sighting.id,
    chooseKey: (claim) => {
      contact = { claim, sighting, address, certificate };
      return host.chooseKey(contact);
    },
    onReport,
    signal,
  });
  if (!contact) throw new Error("A session was opened without a key having been chosen");
  return { session, contact };
}
