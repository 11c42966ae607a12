import { inParallel } from "../../../core/in-parallel.ts";
import type { NodeSession } from "../../../session/node-session.ts";
import { bundlesOf, largestBundledBytes } from "../../../session/transfer/bundle.ts";
import { type Blob, FileChangedError } from "../../../session/transfer/upload.ts";
import type { JobFiles } from "../job-order.ts";
import type { Sending } from "./sending.ts";

/** While one is verified, others are on their way. A node accepts 16 at a time. */
const filesAtATime = 8;
const bundlesAtATime = 4;
/** Fewer small files gain nothing by being sent together. */
const fewestBundled = 5;

/** Where files are sent. */
export interface FileTarget {
  readonly session: NodeSession;
  readonly files: JobFiles;
  /** Whether the node is on this machine and may copy the files itself. */
  readonly isLocal: boolean;
  readonly sending: Sending;
  readonly signal: AbortSignal;
}

/**
 * Sends files to a node. One that the artist has changed meanwhile comes from a node that has it as it was.
 *
 * @param onSent Called with each file that the node has
 * @throws {FarmError} As `sendBlob`, if neither the user nor another node has a file as it was
 */
export async function sendFiles(
  target: FileTarget,
  blobs: Iterable<Blob>,
  onSent: (blob: Blob) => void = () => {},
): Promise<void> {
  const { sending } = target;
  const different = [...new Map([...blobs].map((blob) => [blob.sha256, blob])).values()];
  const done = (blob: Blob) => {
    sending.done(blob);
    onSent(blob);
  };
  sending.plan(different);
  const small = different.filter(({ sizeBytes }) => sizeBytes > 0 && sizeBytes <= largestBundledBytes);
  const bundled = new Set(small.length < fewestBundled ? [] : small);
  const singly = different.filter((blob) => !bundled.has(blob));
  await inParallel(bundlesOf(bundled), bundlesAtATime, async (bundle) => {
    const left = new Set(await target.session.sendBundle(bundle, AbortSignal.any([target.signal])));
    singly.push(...left);
    for (const blob of bundle) if (!left.has(blob)) done(blob);
  });
  await inParallel(singly, filesAtATime, async (blob) => {
    await sendFile(target, blob);
    done(blob);
  });
}

async function sendFile({ session, files, isLocal, sending, signal }: FileTarget, blob: Blob): Promise<void> {
  const ending = AbortSignal.any([signal]); // one signal may have ten listeners
  const send = (each: Blob) =>
    session.sendBlob(asSeen(each, isLocal), (haveBytes) => sending.moved(each, haveBytes), ending);
  try {
    await send(blob);
  } catch (error) {
    const old = error instanceof FileChangedError ? await files.recover(blob, ending) : undefined;
    if (old === undefined) throw error;
    await send(old);
  }
}

/** A node on this machine sees the copies that are kept for the job, which nobody changes. */
function asSeen(blob: Blob, isLocal: boolean): Blob {
  return isLocal ? { ...blob, source: blob.path } : blob;
}
