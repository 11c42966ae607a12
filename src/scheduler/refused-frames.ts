import type { Frame, NodeId } from "../core/node.ts";
import { nextNumber } from "./attempts.ts";
import { blameNode } from "./blame.ts";
import type { AttemptError } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import type { FrameRecord, PastAttempt } from "./state/frame-table.ts";
import type { LiveAttempt } from "./state/state.ts";

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
  const failed = failedAttempt(draft, record, { node, frame, error: { ...error, fault: "node" } });
  const others = record.history.filter(({ attempt }) => attempt !== failed.attempt);
  draft.setFrame({ ...record, status: "queued", history: [...others, failed] });
  if (record.status === "queued") return;
  draft.isFinished = false;
  const { code, message: reason } = error;
  draft.emit({
    type: "announce",
    notice: { type: "frame-requeued", frame, node, attempt: failed.attempt, code, reason },
  });
  blameNode(draft, node, error.code);
}

/**
 * Whether an attempt is at a frame that was refused from this very node, which has rendered on since: what is wrong may be
 * in the slot's process, and only a cancelled attempt ends that. So it is cancelled once, and the next one goes on.
 */
export function needsFreshSlot(draft: Draft, { node, frame }: Pick<LiveAttempt, "node" | "frame">): boolean {
  const history = draft.frames.get(frame)?.history.filter((entry) => entry.node === node) ?? [];
  const refused = history.findLastIndex(({ error }) => error?.code === refusedCode);
  return refused >= 0 && !history.slice(refused).some(({ end }) => end === "cancelled");
}

/** The try that gave the frame; one of an earlier run is remembered under a number of this one, as only these count. */
function failedAttempt(draft: Draft, record: FrameRecord, { node, error }: Refusal): PastAttempt {
  const stored = record.history.find((entry) => entry.node === node && entry.end === "stored");
  if (stored && stored.attempt >= draft.firstAttempt) return { ...stored, end: "failed", error };
  return { attempt: nextNumber(draft), node, hasStarted: true, refetches: 0, end: "failed", error };
}
