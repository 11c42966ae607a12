import { FarmError, messageOf } from "../core/errors.ts";
import type { NodeId } from "../core/node.ts";
import { type ChooseKey, greet } from "./greeting.ts";
import type { Link } from "./link.ts";
import { type NodeInfo, parseFromNode } from "./protocol.ts";
import { Seal } from "./seal.ts";
import { lostLink } from "./session-errors.ts";

const greetingTimeoutMs = 10_000;

export interface ConversationOptions {
  readonly link: Link;
  readonly expectedNode?: NodeId | undefined;
  readonly chooseKey: ChooseKey;
  readonly signal: AbortSignal;
}

/** A link after a successful handshake. */
export interface Conversation {
  readonly info: NodeInfo;
  readonly outgoing: Seal;
  readonly incoming: Seal;
}

/**
 * Runs the handshake and receives the node's description. Closes the link if that fails.
 *
 * @throws {FarmError} See `greet`
 */
export async function openConversation(options: ConversationOptions): Promise<Conversation> {
  const { link, signal } = options;
  const timeout = AbortSignal.timeout(greetingTimeoutMs);
  const limit = AbortSignal.any([signal, timeout]);
  const onLimit = () => void link.close(1001, "greeting took too long");
  limit.addEventListener("abort", onLimit, { once: true });
  if (limit.aborted) onLimit(); // no event follows if it was aborted before
  try {
    const { node, sessionKey } = await greet(link, options.expectedNode, options.chooseKey);
    const incoming = new Seal(sessionKey, "to-coordinator");
    const first = await link.messages[Symbol.asyncIterator]().next();
    if (first.done || typeof first.value !== "string") throw lostLink(link.endedBy ?? "it did not describe itself");
    const info = parseFromNode(JSON.parse(incoming.open(first.value)));
    if (info.type !== "node-info" || info.node !== node) throw lostLink("it did not say who it is");
    return { info, outgoing: new Seal(sessionKey, "to-node"), incoming };
  } catch (error) {
    await link[Symbol.asyncDispose](); // no session was made that would close it
    if (signal.aborted) throw signal.reason;
    if (timeout.aborted) throw lostLink("it did not answer in time");
    throw error instanceof FarmError ? error : lostLink(messageOf(error));
  } finally {
    limit.removeEventListener("abort", onLimit);
  }
}
