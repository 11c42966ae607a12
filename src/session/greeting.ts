import { randomBytes } from "node:crypto";
import { FarmError, messageOf } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import type { NodeId } from "../core/node.ts";
import { type HandshakeTerms, isSameProof, proofOf, sessionKeyOf } from "./handshake.ts";
import type { Link } from "./link.ts";
import { bounds, type HandshakeFromNode, parseHandshakeFromNode, protocolVersion } from "./protocol.ts";
import { lostLink } from "./session-errors.ts";

/** Who the node claims to be, before it has proved anything. */
export interface Claim {
  readonly node: NodeId;
  /** `null` for an open node, which asks for no key. */
  readonly keyId: string | null;
}

/**
 * Chooses the key for the handshake. The caller has the rules of trust.
 *
 * @throws {FarmError} If this node must not be used
 */
export type ChooseKey = (claim: Claim) => FarmKey;

/** The result of a handshake, in which both sides have proved that they know the key. */
export interface Greeting {
  readonly node: NodeId;
  readonly sessionKey: Buffer;
}

/**
 * Runs the handshake of docs/protocol.md on a new link. The coordinator proves itself first.
 *
 * @param expectedNode The id that discovery has seen for this address, if known
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if the keys differ, `FARM_NODE_UNREACHABLE` if it is another node,
 * `FARM_NODE_EXCLUDED` if it has another version, `FARM_BAD_MESSAGE` if it does not speak the protocol,
 * `FARM_LINK_LOST` if it hangs up
 */
export async function greet(link: Link, expectedNode: NodeId | undefined, chooseKey: ChooseKey): Promise<Greeting> {
  const messages = link.messages[Symbol.asyncIterator]();
  const coordinatorNonce = randomBytes(32);
  await link.send(
    JSON.stringify({ type: "hello", protocol: protocolVersion, nonce: coordinatorNonce.toString("hex") }),
  );
  const challenge = await nextMessage(messages, link);
  if (challenge.type !== "challenge") throw unexpected(challenge);
  if (challenge.protocol !== protocolVersion)
    throw otherVersion(challenge.protocol > protocolVersion ? "a newer release" : "an older release");
  if (expectedNode !== undefined && challenge.node !== expectedNode) {
    throw new FarmError(
      "FARM_NODE_UNREACHABLE",
      `Cannot use the node ${challenge.node.slice(0, 8)}: ${expectedNode.slice(0, 8)} was expected at its address`,
      `Another node has taken over that address, or the node's id has changed. A search of the network finds that out by itself; in a farmspec, change that host's id to ${challenge.node}, or remove it`,
    );
  }
  const key = chooseKey({ node: challenge.node, keyId: challenge.keyId });
  const terms: HandshakeTerms = {
    protocol: protocolVersion,
    node: challenge.node,
    coordinatorNonce,
    nodeNonce: Buffer.from(challenge.nonce, "hex"),
    tlsFingerprint: link.tlsFingerprint,
  };
  await link.send(JSON.stringify({ type: "prove", proof: proofOf("coordinator", key, terms).toString("hex") }));
  const welcome = await nextMessage(messages, link);
  if (welcome.type !== "welcome") throw unexpected(welcome);
  if (!isSameProof(proofOf("node", key, terms), Buffer.from(welcome.proof, "hex"))) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot trust the node ${challenge.node.slice(0, 8)}: it does not know the farm key`,
      "Give this machine and that node the same key",
    );
  }
  return { node: challenge.node, sessionKey: sessionKeyOf(key, terms) };
}

async function nextMessage(messages: AsyncIterator<string | Buffer>, link: Link): Promise<HandshakeFromNode> {
  const next = await messages.next();
  if (next.done) {
    const why = `it hung up${link.endedBy === undefined ? "" : ` (${link.endedBy})`}`;
    throw lostLink(why, "connect to the node", "Check what the node printed");
  }
  if (typeof next.value !== "string" || next.value.length > bounds.handshakeTextBytes) throw notOurs("too long");
  try {
    return parseHandshakeFromNode(JSON.parse(next.value));
  } catch (error) {
    throw notOurs(messageOf(error), error);
  }
}

function unexpected(message: HandshakeFromNode): FarmError {
  if (message.type !== "error") return notOurs(`it sent "${message.type}" too early`);
  switch (message.code) {
    case "WRONG_KEY":
      return new FarmError(
        "FARM_KEY_UNUSABLE",
        "Cannot use the node: it has another farm key",
        "Give this machine and that node the same key",
      );
    case "PROTOCOL_VERSION":
      return otherVersion("another release");
    default:
      return new FarmError("FARM_NODE_EXCLUDED", `Cannot use the node: ${message.message}`, "Check what it printed");
  }
}

function otherVersion(what: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use the node: it runs ${what} of renderfarm than this machine`,
    "Run the same release of renderfarm on both machines",
  );
}

function notOurs(why: string, cause?: unknown): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot connect to the node: the program that answers there is not a render node (${why})`,
    "Check which program is listening on that port",
    { cause },
  );
}
