import type { Frame, NodeId } from "../core/node.ts";
import { nextNumber } from "./attempts.ts";
import { blameNode } from "./blame.ts";
import type { Draft } from "./draft.ts";
import type { AttemptError } from "./events.ts";
import type { FrameRecord, Try } from "./frame-table.ts";

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

/** The try that gave the frame; one of an earlier run is remembered under a number of this one, as only these count. */
function failedTry(draft: Draft, record: FrameRecord, { node, error }: Refusal): Try {
  const stored = record.tries.find((entry) => entry.node === node && entry.end === "stored");
  if (stored && stored.attempt >= draft.firstAttempt) return { ...stored, end: "failed", error };
  return { attempt: nextNumber(draft), node, hasStarted: true, reoffers: 0, end: "failed", error };
}
