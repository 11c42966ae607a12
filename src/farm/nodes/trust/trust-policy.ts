import { FarmError } from "../../../core/errors.ts";
import { type FarmKey, openKey } from "../../../core/farm-key.ts";
import type { NodeAddress, NodeId, Sighting } from "../../../core/node.ts";
import type { TlsDemand } from "../../../session/link.ts";
import { certificateChanged } from "../../../session/tls-socket.ts";
import { readRegularFileSync, whyUnreadable } from "../../../system/files/regular-file.ts";
import { OpenNodeError } from "./open-nodes.ts";

/** Who asks to be trusted, and how we came to know of it. */
export interface TrustQuestion {
  readonly node: NodeId;
  /** The key the node asks for; `null` when it is open. */
  readonly keyId: string | null;
  readonly source: Sighting["source"];
  /** Whether the user has named it himself, or has said that it may be used at this address. */
  readonly mayBeOpen: boolean;
  /** What the user or a farmspec calls it, and where it was met. */
  readonly name: string | undefined;
  readonly address: NodeAddress;
  /** Its certificate's fingerprint, if it has shown one. */
  readonly certificate: string | undefined;
  /** Whether this node, or one that the user named in the same way, has proved a key to us before. */
  readonly wasKeyed: boolean;
  readonly keys: readonly FarmKey[];
}

/**
 * The rules of trust: an open node is used only when the user named it himself or was asked about it, and one that ever had
 * a key never without. So one found by mDNS needs a key, and so does the one that we started ourselves: its port may be
 * another's by now.
 *
 * @returns The key to go on with
 * @throws {FarmError} `FARM_KEY_UNUSABLE`; for an open node `FARM_NODE_EXCLUDED` when nobody named it, and `FARM_NODE_OPEN`
 * when a farmspec did; each with the way out
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
  const have = question.keys.map((candidate) => candidate.id).join(", ");
  throw new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot use the node ${shortId}: it has the farm key ${question.keyId}, and this machine has ${have || "none"}`,
    "Set RENDERFARM_KEY, or --key-file FILE, to the key that the node showed when it was first started",
  );
}

/** Why an open node that the user did not name takes no part. */
export function openNodeExcluded(who: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${who}: it is open, and it was not named by you`,
    "Start it without --open, or name it with --nodes host:port",
  );
}

/** What is known of a node's TLS before it is dialled. */
export interface TlsQuestion {
  /** Whether it announces TLS, the user wants it, or one that was named in the same way had it. */
  readonly isWanted: boolean;
  /** Certificate that this node, if we know which one it is, proved to be its own. */
  readonly pinned: string | undefined;
  /** Authorities that the user trusts instead. */
  readonly authorities: string | undefined;
}

/** @returns What the node must show; `undefined` when it is dialled in clear */
export function demandTls(question: TlsQuestion): TlsDemand | undefined {
  const { isWanted, pinned, authorities } = question;
  if (authorities !== undefined && (isWanted || pinned !== undefined)) return { authorities };
  if (pinned !== undefined) return { fingerprint: pinned };
  return isWanted ? {} : undefined;
}

/**
 * Looks, when a node has said who it is and before anything is proved to it, whether it is as well encrypted as it was.
 *
 * @param tls What it was found with on this link and what is known of it
 * @throws {FarmError} `FARM_CERTIFICATE_REFUSED` with the way out
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
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot use '${file}': no certificate in PEM form is in it`,
    "Correct --tls-ca",
  );
}
