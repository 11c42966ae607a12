import type { FrameResult, FromCoordinator, FromNode } from "../protocol.ts";
import type { IncomingTransfers, Sink } from "./incoming.ts";
import type { Blob } from "./upload.ts";

/** The part of a session that receiving needs. */
export interface ReceiveLink {
  readonly transfers: IncomingTransfers;
  ask<T extends FromNode>(
    message: FromCoordinator,
    match: (reply: FromNode) => reply is T,
    signal: AbortSignal,
  ): Promise<T>;
}

/** What is received: the request for it, and the two answers that may end it. */
interface Wanted {
  readonly request: (transfer: number) => FromCoordinator;
  readonly done: "result-end" | "blob-fetched";
  readonly missing: "result-missing" | "blob-missing";
  readonly sizeBytes: number;
}

/** @param picture The place of one of its pictures in the result's list; the PNG if it is absent */
export function resultWanted({ frame, attempt, pictures, ...png }: FrameResult, picture?: number): Wanted {
  const which = picture === undefined ? {} : { picture };
  const { sizeBytes } = picture === undefined ? png : (pictures?.[picture] ?? png);
  const request = (transfer: number) =>
    ({ type: "result-fetch", transfer, frame, attempt, offset: 0, ...which }) as const;
  return { request, done: "result-end", missing: "result-missing", sizeBytes };
}

export function blobWanted({ sha256, sizeBytes }: Pick<Blob, "sha256" | "sizeBytes">): Wanted {
  const request = (transfer: number) => ({ type: "blob-fetch", transfer, sha256 }) as const;
  return { request, done: "blob-fetched", missing: "blob-missing", sizeBytes };
}

/**
 * Receives bytes from a node, in order.
 *
 * @returns Why the node does not have them; `undefined` once all have arrived
 * @throws {FarmError} `FARM_BAD_MESSAGE` if bytes are missing, out of order or too many; the sink's error
 */
export async function receive(
  { transfers, ask }: ReceiveLink,
  { request, done, missing, sizeBytes }: Wanted,
  sink: Sink,
  signal: AbortSignal,
): Promise<string | undefined> {
  const transfer = transfers.takeNumber();
  const spoilt = new AbortController();
  transfers.begin(transfer, sizeBytes, sink, (problem) => spoilt.abort(problem));
  try {
    const reply = await ask(
      request(transfer),
      (message): message is Extract<FromNode, { type: typeof done | typeof missing }> =>
        (message.type === done || message.type === missing) && message.transfer === transfer,
      AbortSignal.any([signal, spoilt.signal]), // a spoilt transfer may have no end
    );
    if (reply.type === missing) return "message" in reply ? reply.message : "the node has no such file";
    transfers.end(transfer);
    return undefined;
  } finally {
    transfers.drop(transfer);
  }
}
