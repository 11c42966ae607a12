import type { Frame, NodeId } from "../core/node.ts";
import { nextNumber } from "./attempts.ts";
import { blameNode } from "./blame.ts";
import type { Draft } from "./draft.ts";
import type { AttemptError } from "./events.ts";
import type { FrameRecord, Try } from "./frame-table.ts";
import type { Attempt } from "./state.ts";

/** The code of a failure that the encoder finds: FFmpeg cannot read the frame, or make the output with it. */
export const refusedCode = "FFMPEG_REFUSED";

interface Refusal {
  readonly node: NodeId;
  readonly frame: Frame;
  readonly error: AttemptError;
}

/**
 * A stored frame has left the store, because the output cannot be made with it: it is queued again, also when the job had
 * been complete. Its node had its chance at it, so that another one renders it where there is one. A frame that is queued
 * was refused in an earlier run, and that is only remembered.
 */
export function onFrameRefused(draft: Draft, { node, frame, error }: Refusal): void {
  const record = draft.frames.get(frame);
  if (record?.status !== "stored" && record?.status !== "queued") return;
  const failed = failedTry(draft, record, { node, frame, error: { ...error, fault: "node" } });
  const others = record.tries.filter(({ attempt }) => attempt !== failed.attempt);
  draft.setFrame({ ...record, status: "queued", tries: [...others, failed] });
  if (record.status === "queued") return;
  draft.isFinished = false;
  const reason = `${error.code}: ${error.message}`;
  draft.emit({ type: "announce", news: { type: "frame-requeued", frame, node, attempt: failed.attempt, reason } });
  blameNode(draft, node, error.code);
}

/**
 * Whether an attempt is at a frame that was refused from this very node, which has rendered on since: what is wrong may be
 * in the slot's process, and only a cancelled attempt ends that. So it is cancelled once, and the next one goes on.
 */
export function needsFreshSlot(draft: Draft, { node, frame }: Pick<Attempt, "node" | "frame">): boolean {
  const tries = draft.frames.get(frame)?.tries.filter((entry) => entry.node === node) ?? [];
  const refused = tries.findLastIndex(({ error }) => error?.code === refusedCode);
  return refused >= 0 && !tries.slice(refused).some(({ end }) => end === "cancelled");
}

/** The try that gave the frame; one of an earlier run is remembered under a number of this one, as only these count. */
function failedTry(draft: Draft, record: FrameRecord, { node, error }: Refusal): Try {
  const stored = record.tries.find((entry) => entry.node === node && entry.end === "stored");
  if (stored && stored.attempt >= draft.firstAttempt) return { ...stored, end: "failed", error };
  return { attempt: nextNumber(draft), node, hasStarted: true, reoffers: 0, end: "failed", error };
}
