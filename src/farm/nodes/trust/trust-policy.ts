import { FarmError } from "../../../core/errors.ts";
import { type FarmKey, openKey } from "../../../core/farm-key.ts";
import type { NodeAddress, NodeId, Sighting } from "../../../core/node.ts";
import type { TlsDemand } from "../../../session/link.ts";
import { certificateChanged } from "../../../session/tls-socket.ts";
import { readRegularFileSync, whyUnreadable } from "../../../system/files/regular-file.ts";
import { OpenNodeError } from "./open-nodes.ts";

/** A node that is to be trusted, and how it became known. */
export interface TrustQuestion {
  readonly node: NodeId;
  /** The key that the node asks for; `null` if it is open. */
  readonly keyId: string | null;
  readonly source: Sighting["source"];
  /** Whether the user has named it, or has allowed it at this address. */
  readonly mayBeOpen: boolean;
  /** Its name from the user or a farmspec, and its address. */
  readonly name: string | undefined;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, if it has shown one. */
  readonly certificate: string | undefined;
  /** Whether this node, or one that the user named by the same address, has proved a key before. */
  readonly wasKeyed: boolean;
  readonly keys: readonly FarmKey[];
}

/**
 * The trust rules. An open node is used only if the user named it or was asked about it. A node that ever had a key is
 * never used without one. So a node found by mDNS needs a key. So does the node that this program started itself:
 * another program may have its port by now.
 *
 * @returns The key to use
 * @throws {FarmError} `FARM_KEY_UNUSABLE`; for an open node `FARM_NODE_EXCLUDED` if nobody named it, and
 * `FARM_NODE_OPEN` if a farmspec did; each with a hint
 */
export function chooseKey(question: TrustQuestion): FarmKey {
  const shortId = question.node.slice(0, 8);
  if (question.keyId === null) {
    if (question.wasKeyed) {
      throw new FarmError(
        "FARM_KEY_UNUSABLE",
        `Cannot trust the node ${shortId}: it had a key before and asks for none now`,
        "If you made it open on purpose, delete its entry in known-nodes.json in the config folder",
      );
    }
    if (question.source !== "fixed") {
      throw openNodeExcluded(`the node ${shortId}`);
    }
    if (!question.mayBeOpen) throw new OpenNodeError(question);
    return openKey;
  }
  const key = question.keys.find((candidate) => candidate.id === question.keyId);
  if (key) return key;
  const others = question.keys.map((candidate) => candidate.id).join(", ");
  const have = others ? `and this machine has ${others}` : "and this machine has none";
  throw new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot use the node ${shortId}: it has the farm key ${question.keyId}, ${have}`,
    "Set RENDERFARM_KEY, or --key-file FILE, to the key that the node showed when it was first started",
  );
}

/** Why an open node that the user did not name is excluded. */
export function openNodeExcluded(who: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${who}: it is open, and you did not name it`,
    "Start it without --open, or name it with --nodes host:port",
  );
}

/** What is known about a node's TLS before it is dialled. */
export interface TlsQuestion {
  /** Whether it announces TLS, the user wants it, or a node that was named by the same address had it. */
  readonly isWanted: boolean;
  /** The certificate that this node has proved to own, if it is known which node it is. */
  readonly pinned: string | undefined;
  /** Authorities that the user trusts instead. */
  readonly authorities: string | undefined;
}

/** @returns The certificate that the node must show; `undefined` if it is dialled without TLS */
export function demandTls(question: TlsQuestion): TlsDemand | undefined {
  const { isWanted, pinned, authorities } = question;
  if (authorities !== undefined && (isWanted || pinned !== undefined)) return { authorities };
  if (pinned !== undefined) return { fingerprint: pinned };
  return isWanted ? {} : undefined;
}

/**
 * Checks that a node is encrypted as it was before. Called once it has given its id, before anything is proved to it.
 *
 * @param tls What it has on this link, and what is known about it
 * @throws {FarmError} `FARM_CERTIFICATE_REFUSED`
 */
export function requireSameTls(
  node: NodeId,
  tls: { shown: string | undefined; pinned: string | undefined; authorities: string | undefined },
): void {
  if (tls.pinned === undefined || tls.shown === tls.pinned) return;
  if (tls.shown === undefined) {
    throw new FarmError(
      "FARM_CERTIFICATE_REFUSED",
      `Cannot trust the node ${node.slice(0, 8)}: it had TLS before and has none now`,
      "If you took it away on purpose, delete its entry in known-nodes.json in the config folder",
    );
  }
  if (tls.authorities === undefined) throw certificateChanged(node.slice(0, 8), tls.pinned, tls.shown);
}

/** Reads the certificates of `--tls-ca`, in PEM form. @throws {FarmError} `FARM_BAD_INPUT` */
export function readAuthorities(file: string): string {
  try {
    const text = readRegularFileSync(file);
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw new FarmError("FARM_BAD_INPUT", `Cannot read '${file}': ${whyUnreadable(error)}`, "Correct --tls-ca", {
      cause: error,
    });
  }
  throw new FarmError("FARM_BAD_INPUT", `Cannot use '${file}': there is no PEM certificate in it`, "Correct --tls-ca");
}
