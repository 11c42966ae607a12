import { type FileHandle, lstat } from "node:fs/promises";
import { FarmError } from "../../core/errors.ts";
import { withinTime } from "../../core/time-limit.ts";
import { openOwnFile } from "../../system/files/own-file.ts";
import { openRegularFile } from "../../system/files/regular-file.ts";
import type { FromCoordinator, FromNode } from "../protocol.ts";
import { lostLink } from "../session-errors.ts";
import { encodePiece, largestPieceBytes } from "./piece.ts";

/** As much as a message may hold. */
const longestPath = 1_024;

export const usualLimits: UploadLimits = { stallTimeoutMs: 2 * 60_000, verdictTimeoutMs: 15 * 60_000 };

/** A file to be sent, identified by its content. */
export interface Blob {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Set if it is not a copy of ours but the user's own file, which may change at any time. */
  readonly original?: string;
  /** For errors; absent for the blendfile. */
  readonly name?: string;
  /** Where a node on this machine, or with the same drive, may find the file: it then copies it itself. */
  readonly source?: string;
}

/**
 * Timeouts of an upload, in milliseconds, after which the link is closed: a node's heartbeat does not show its
 * progress.
 */
export interface UploadLimits {
  /** For an answer, or for accepting one piece. */
  readonly stallTimeoutMs: number;
  /** For verifying and storing the blob. */
  readonly verdictTimeoutMs: number;
}

/** The part of a session that an upload needs. */
export interface UploadLink {
  takeTransfer(): number;
  send(message: FromCoordinator): Promise<void>;
  sendBytes(message: Buffer): Promise<void>;
  reply<T extends FromNode>(match: (message: FromNode) => message is T, signal: AbortSignal): Promise<T>;
}

type BlobState = Extract<FromNode, { type: "blob-state" }>;
type BlobVerdict = Extract<FromNode, { type: "blob-stored" | "blob-rejected" }>;

/**
 * Sends a blob and waits until the node has verified its SHA-256. A blob that the node already has is not sent again,
 * and a partial one is continued.
 *
 * @param onProgress Called with the number of bytes that the node has
 * @returns Number of bytes sent
 * @throws {FarmError} `FARM_BLEND_REJECTED` with the node's reason; `FARM_LINK_LOST`, also if the node makes no
 * progress
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
  // A part from a broken disk or a crashed node spoils the blob. The node has dropped it by now, so send it again from
  // 0.
  const second =
    first.verdict.code === "DIGEST_MISMATCH" && first.wasResumed
      ? await attempt(link, blob, onProgress, signal, limits)
      : first;
  if (second.verdict.type === "blob-stored") return first.sentBytes + second.sentBytes;
  if (blob.original !== undefined && (second.verdict.code === "DIGEST_MISMATCH" || !(await hasItsSize(blob)))) {
    throw new FileChangedError(blob.original); // a longer or shorter file is refused for that, by other codes
  }
  throw new FarmError(
    "FARM_BLEND_REJECTED",
    `Cannot send ${blob.name ?? "the blendfile"}: the node refused it: ${second.verdict.message}`,
    "Check the free space on the node's disk and its --cache-size, then run the same command again",
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
  const { sha256, sizeBytes, source = "" } = blob;
  const isOffered = source !== "" && source.length <= longestPath;
  await link.send({ type: "blob-query", sha256, sizeBytes, ...(isOffered && { path: source }) });
  const state = await withinTime(stateReply, isOffered ? limits.verdictTimeoutMs : limits.stallTimeoutMs, stalled);
  if (state.complete) return { verdict: { type: "blob-stored" }, sentBytes: 0, wasResumed: false };

  const offset = Math.min(state.haveBytes, blob.sizeBytes);
  if (blob.original !== undefined && !(await hasItsSize(blob))) throw new FileChangedError(blob.original);
  const transfer = link.takeTransfer(); // its message must be the next one: nodes take the numbers in ascending order
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
  const file = await openBlob(blob);
  const bytes = file.createReadStream({ start: offset, highWaterMark: largestPieceBytes, signal });
  for await (const data of bytes as AsyncIterable<Buffer>) {
    if (verdict !== undefined) break; // rejected early, because the disk is full
    const sending = link.sendBytes(encodePiece({ transfer, offset: position, data }));
    await withinTime(sending, limits.stallTimeoutMs, stalled);
    position += data.length;
    onProgress(position);
  }
  if (verdict === undefined) await link.send({ type: "blob-end", transfer, sha256: blob.sha256 });
  const final = await withinTime(verdictReply, limits.verdictTimeoutMs, stalled);
  return { verdict: final, sentBytes: position - offset, wasResumed: offset > 0 };
}

/** Opens a file to be sent, for reading. */
export function openBlob({ path, original }: Blob): Promise<FileHandle> {
  return (original === undefined ? openOwnFile : openRegularFile)(path);
}

/** Whether a file is still there, with as many bytes as it had. */
async function hasItsSize({ path, sizeBytes }: Blob): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === sizeBytes;
}

/** The user's own file has changed, and there is no copy of it as it was. */
export class FileChangedError extends FarmError {
  constructor(path: string) {
    super(
      "FARM_BLEND_REJECTED",
      `Cannot send ${path}: it has changed since the job began`,
      "Run the same command again: everything is then rendered with the files as they are now",
    );
  }
}

/** The error if a node does not answer in time. */
export function stalled(): FarmError {
  return lostLink("the node no longer accepts data", "continue with the upload");
}
