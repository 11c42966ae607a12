import { withinTime } from "../../core/time-limit.ts";
import { readOwnFileInto } from "../../system/files/own-file.ts";
import type { FromNode } from "../protocol.ts";
import { encodePiece, largestPieceBytes } from "./piece.ts";
import { type Blob, openBlob, stalled, type UploadLink, usualLimits } from "./upload.ts";

/** Larger files are sent by themselves. */
export const largestBundledBytes = 64 * 1024;
/** As many as a node accepts. */
const mostBundled = 256;

type State = Extract<FromNode, { type: "blobs-state" }>;
type Verdict = Extract<FromNode, { type: "bundle-stored" | "bundle-rejected" }>;

/** Divides small files into bundles. */
export function* bundlesOf(blobs: Iterable<Blob>): Generator<readonly Blob[], undefined> {
  let [bundle, bytes]: [Blob[], number] = [[], 0];
  for (const blob of blobs) {
    if (bundle.length >= mostBundled || bytes + blob.sizeBytes > largestPieceBytes) {
      yield bundle;
      [bundle, bytes] = [[], 0];
    }
    bundle.push(blob);
    bytes += blob.sizeBytes;
  }
  if (bundle.length > 0) yield bundle;
}

/**
 * Sends small files together: one question, one message with all their bytes, one answer.
 *
 * @param blobs A bundle of `bundlesOf`
 * @returns Those that the node does not have now, and that must be sent by themselves: it has a part of one, or refuses
 * the bundle, or a file has changed
 * @throws {FarmError} `FARM_LINK_LOST`, also if the node makes no progress
 */
export async function sendBundle(
  link: UploadLink,
  blobs: readonly Blob[],
  signal: AbortSignal,
  limits = usualLimits,
): Promise<readonly Blob[]> {
  const number = link.takeTransfer();
  const named = ({ sha256, sizeBytes }: Blob) => ({ sha256, sizeBytes });
  const stateReply = link.reply(
    (message): message is State => message.type === "blobs-state" && message.number === number,
    signal,
  );
  await link.send({ type: "blobs-query", number, blobs: blobs.map(named) });
  const { have } = await withinTime(stateReply, limits.stallTimeoutMs, stalled);
  const missing = blobs.filter((_, index) => have[index] === "none");
  const { whole, data } = await readAll(missing);
  const left = blobs.filter((blob, index) => have[index] !== "all" && !whole.includes(blob));
  if (whole.length === 0) return left;

  const transfer = link.takeTransfer();
  const verdictReply = link.reply(
    (message): message is Verdict =>
      (message.type === "bundle-stored" || message.type === "bundle-rejected") && message.transfer === transfer,
    signal,
  );
  await link.send({ type: "blob-bundle", transfer, blobs: whole.map(named) });
  await withinTime(link.sendBytes(encodePiece({ transfer, offset: 0, data })), limits.stallTimeoutMs, stalled);
  const verdict = await withinTime(verdictReply, limits.verdictTimeoutMs, stalled);
  return verdict.type === "bundle-stored" ? left : [...left, ...whole];
}

/** Reads files into one buffer, but for those that cannot be read or have another size: alone they give the right error. */
async function readAll(blobs: readonly Blob[]): Promise<{ whole: readonly Blob[]; data: Buffer }> {
  const buffer = Buffer.allocUnsafe(blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let end = 0;
  const parts = blobs.map((blob) => {
    end += blob.sizeBytes;
    return buffer.subarray(end - blob.sizeBytes, end);
  });
  const isRead = await Promise.all(blobs.map((blob, index) => readInto(blob, parts[index] as Buffer)));
  const whole = blobs.filter((_, index) => isRead[index]);
  const data = whole.length === blobs.length ? buffer : Buffer.concat(parts.filter((_, index) => isRead[index]));
  return { whole, data };
}

async function readInto(blob: Blob, part: Buffer): Promise<boolean> {
  try {
    if (blob.original === undefined) return readOwnFileInto(blob.path, part) === part.length;
    const file = await openBlob(blob); // on a drive that may hang
    try {
      const { bytesRead } = await file.read(part, 0, part.length, 0);
      return bytesRead === part.length; // a longer file has another digest, and is refused
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
