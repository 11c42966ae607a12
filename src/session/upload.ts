import { FarmError } from "../core/errors.ts";
import { withinTime } from "../core/time-limit.ts";
import { openOwnFile } from "../system/files/own-file.ts";
import { encodePiece, largestPieceBytes } from "./piece.ts";
import type { FromCoordinator, FromNode } from "./protocol.ts";

const usualLimits: UploadLimits = { stallTimeoutMs: 2 * 60_000, verdictTimeoutMs: 15 * 60_000 };

/** A file to be sent, known by its content. */
export interface Blob {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What a node may take before the link is given up, in milliseconds: its heartbeat does not show whether it gets on. */
interface UploadLimits {
  /** To answer, or to take one piece. */
  readonly stallTimeoutMs: number;
  /** To verify and store what it has been sent. */
  readonly verdictTimeoutMs: number;
}

/** What an upload needs of a session. */
export interface UploadLink {
  takeTransfer(): number;
  send(message: FromCoordinator): Promise<void>;
  sendBytes(message: Buffer): Promise<void>;
  reply<T extends FromNode>(match: (message: FromNode) => message is T, signal: AbortSignal): Promise<T>;
}

type BlobState = Extract<FromNode, { type: "blob-state" }>;
type BlobVerdict = Extract<FromNode, { type: "blob-stored" | "blob-rejected" }>;

/**
 * Sends a blob and waits until the node has verified its SHA-256. What the node has already is not sent again; a part it
 * has is continued.
 *
 * @param onProgress Called with the bytes that the node has by now
 * @returns Number of bytes sent
 * @throws {FarmError} `FARM_BLEND_REJECTED` with the node's reason; `FARM_LINK_LOST`, also when the node does not get on
 */
export async function upload(
  link: UploadLink,
  blob: Blob,
  onProgress: (haveBytes: number) => void,
  signal: AbortSignal,
  limits = usualLimits,
): Promise<number> {
  const first = await attempt(link, blob, onProgress, signal, limits);
  if (first.verdict.type === "blob-stored") return first.sentBytes;
  // A part left by a broken disk or a dying node makes the whole wrong: the node has dropped it, so once more from 0.
  const second =
    first.verdict.code === "DIGEST_MISMATCH" && first.wasResumed
      ? await attempt(link, blob, onProgress, signal, limits)
      : first;
  if (second.verdict.type === "blob-stored") return first.sentBytes + second.sentBytes;
  throw new FarmError(
    "FARM_BLEND_REJECTED",
    `Cannot send the blendfile: the node answered ${second.verdict.code}: ${second.verdict.message}`,
    "Look at the space left on the node's disk and at its --cache-size, then run the same command again",
  );
}

async function attempt(
  link: UploadLink,
  blob: Blob,
  onProgress: (haveBytes: number) => void,
  signal: AbortSignal,
  limits: UploadLimits,
): Promise<{ verdict: BlobVerdict | { type: "blob-stored" }; sentBytes: number; wasResumed: boolean }> {
  const stateReply = link.reply(
    (message): message is BlobState => message.type === "blob-state" && message.sha256 === blob.sha256,
    signal,
  );
  await link.send({ type: "blob-query", sha256: blob.sha256, sizeBytes: blob.sizeBytes });
  const state = await withinTime(stateReply, limits.stallTimeoutMs, stalled);
  if (state.complete) return { verdict: { type: "blob-stored" }, sentBytes: 0, wasResumed: false };

  const offset = Math.min(state.haveBytes, blob.sizeBytes);
  const transfer = link.takeTransfer();
  const verdictReply = link.reply(
    (message): message is BlobVerdict =>
      (message.type === "blob-stored" || message.type === "blob-rejected") && message.transfer === transfer,
    signal,
  );
  verdictReply.catch(() => {}); // awaited below, unless sending fails first
  let verdict: BlobVerdict | undefined;
  verdictReply.then(
    (early) => {
      verdict = early;
    },
    () => {},
  );
  await link.send({ type: "blob-begin", transfer, sha256: blob.sha256, sizeBytes: blob.sizeBytes, offset });
  let position = offset;
  const file = await openOwnFile(blob.path);
  const bytes = file.createReadStream({ start: offset, highWaterMark: largestPieceBytes, signal });
  for await (const data of bytes as AsyncIterable<Buffer>) {
    if (verdict !== undefined) break; // rejected early, for want of space
    const sending = link.sendBytes(encodePiece({ transfer, offset: position, data }));
    await withinTime(sending, limits.stallTimeoutMs, stalled);
    position += data.length;
    onProgress(position);
  }
  if (verdict === undefined) await link.send({ type: "blob-end", transfer, sha256: blob.sha256 });
  const final = await withinTime(verdictReply, limits.verdictTimeoutMs, stalled);
  return { verdict: final, sentBytes: position - offset, wasResumed: offset > 0 };
}

function stalled(): FarmError {
  return new FarmError(
    "FARM_LINK_LOST",
    "Cannot continue with the upload: the node takes nothing any more",
    "The job goes on by itself when the node is back",
  );
}
