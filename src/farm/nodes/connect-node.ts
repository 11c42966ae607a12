import { FarmError } from "../../core/errors.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { NodeAddress, Sighting } from "../../core/node.ts";
import type { Claim } from "../../session/greeting.ts";
import type { TlsDemand } from "../../session/link.ts";
import type { NodeReport } from "../../session/node-report.ts";
import { NodeSession } from "../../session/node-session.ts";
import { addressesOf } from "./duplicates.ts";
import type { Candidate } from "./node-source.ts";

/** How a node was reached: what it claims to be, and over which link. */
export interface Contact {
  readonly claim: Claim;
  readonly sighting: Sighting;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, 64 hexadecimal digits; `undefined` on an unencrypted link. */
  readonly certificate: string | undefined;
}

/** The trust rules that a node must satisfy. */
export interface ConnectHost {
  /** The certificate that a node must show before anything is sent to it; `undefined` dials without encryption. */
  demandTls(sighting: Sighting, address: NodeAddress): TlsDemand | undefined;
  /** Called before anything has been proved. @throws {FarmError} If the node must not be trusted */
  chooseKey(contact: Contact): FarmKey;
}

/**
 * Connects to a node and exchanges proofs with it, at the first of its addresses where that succeeds. Anybody may
 * announce somebody else's id over mDNS, so a wrong proof at one address says nothing about the next one.
 *
 * @returns The session, which the caller must dispose of, and how the node was reached
 * @throws {FarmError} The error at the first address, which is the best one; the signal's reason
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
  if (!contact) throw new Error("A session was opened before a key was chosen");
  return { session, contact };
}
