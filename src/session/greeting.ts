import { randomBytes } from "node:crypto";
import { FarmError, messageOf } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import type { NodeId } from "../core/node.ts";
import { type HandshakeTerms, isSameProof, proofOf, sessionKeyOf } from "./handshake.ts";
import type { Link } from "./link.ts";
import { bounds, type HandshakeFromNode, parseHandshakeFromNode, protocolVersion } from "./protocol.ts";

/** Who the node says it is, before it has proved anything. */
export interface Claim {
  readonly node: NodeId;
  /** `null` when the node is open: it asks for no key. */
  readonly keyId: string | null;
}

/**
 * Decides with which key to go on, or throws: the rules of trust are not the session's.
 *
 * @throws {FarmError} When this node must not be used
 */
export type ChooseKey = (claim: Claim) => FarmKey;

/** What a handshake leaves: both sides have proved that they know the key. */
export interface Greeting {
  readonly node: NodeId;
  readonly sessionKey: Buffer;
}

/**
 * Runs the handshake of docs/protocol.md on a fresh link. The coordinator proves first.
 *
 * @param expectedNode The id that discovery announced for this address, when it is known
 * @throws {FarmError} `FARM_KEY_UNUSABLE` when the keys differ, `FARM_NODE_UNREACHABLE` when it is another node, `FARM_NODE_EXCLUDED` when it is another version,
 * `FARM_BAD_MESSAGE` when it does not speak the protocol, `FARM_LINK_LOST` when it hangs up
 */
export async function greet(link: Link, expectedNode: NodeId | undefined, chooseKey: ChooseKey): Promise<Greeting> {
  const messages = link.messages[Symbol.asyncIterator]();
  const coordinatorNonce = randomBytes(32);
  await link.send(
    JSON.stringify({ type: "hello", protocol: protocolVersion, nonce: coordinatorNonce.toString("hex") }),
  );
  const challenge = await nextMessage(messages, link);
  if (challenge.type !== "challenge") throw unexpected(challenge);
  if (challenge.protocol !== protocolVersion) throw otherVersion(`version ${challenge.protocol}`);
  if (expectedNode !== undefined && challenge.node !== expectedNode) {
    throw new FarmError(
      "FARM_NODE_UNREACHABLE",
      `Cannot use the node ${challenge.node.slice(0, 8)}: ${expectedNode.slice(0, 8)} was expected at its address`,
      `Another node took over that address, or the node's id has changed. Discovery finds both by itself; in a farmspec, write the id ${challenge.node} for that host, or none`,
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
    throw new FarmError(
      "FARM_LINK_LOST",
      `Cannot greet the node: it hung up (${link.endedBy ?? "without a reason"})`,
      "Look at what the node printed",
    );
  }
  if (typeof next.value !== "string" || next.value.length > bounds.handshakeTextBytes) throw notOurs("too long");
  try {
    return parseHandshakeFromNode(JSON.parse(next.value));
  } catch (error) {
    throw notOurs(messageOf(error), error);
  }
}

function unexpected(message: HandshakeFromNode): FarmError {
  if (message.type !== "error") return notOurs(`"${message.type}" came out of turn`);
  switch (message.code) {
    case "WRONG_KEY":
      return new FarmError(
        "FARM_KEY_UNUSABLE",
        "Cannot use the node: it has another farm key",
        "Give this machine and that node the same key",
      );
    case "PROTOCOL_VERSION":
      return otherVersion("another version");
    default:
      return new FarmError("FARM_NODE_EXCLUDED", `Cannot use the node: ${message.message}`, "Look at what it printed");
  }
}

function otherVersion(what: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use the node: it speaks ${what} of the protocol, and this program version ${protocolVersion}`,
    "Run the same release of renderfarm on both machines",
  );
}

function notOurs(why: string, cause?: unknown): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot greet the node: what answers there is no render node (${why})`,
    "Look which program listens on that port",
    { cause },
  );
}
