import type { Frame, NodeId } from "../core/node.ts";
import { nextNumber } from "./attempts.ts";
import { blameNode } from "./blame.ts";
import type { AttemptError } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import type { FrameRecord, PastAttempt } from "./state/frame-table.ts";
import type { LiveAttempt } from "./state/state.ts";

/** Error code for a frame that FFmpeg cannot read or encode. */
export const refusedCode = "FFMPEG_REFUSED";

/** Error code for a frame that is one flat colour, and may be wrong. */
export const blankCode = "BLANK_FRAME";

interface Refusal {
  readonly node: NodeId;
  readonly frame: Frame;
  readonly error: AttemptError;
}

/**
 * A stored frame was removed from the store, because FFmpeg refuses it. It is queued again, even if the job was
 * complete. Its node has had its chance, so another node renders it if there is one. If the frame is queued, it was
 * refused in an earlier run, and this is only recorded.
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
  blameNode(draft, node, error.code, error.message);
}

/**
 * Whether an attempt renders a frame that was refused from the same node, which has kept rendering since then. The
 * fault may be in the slot's process, and only cancelling an attempt ends that. So one attempt is cancelled, and the
 * next continues.
 */
export function needsFreshSlot(draft: Draft, { node, frame }: Pick<LiveAttempt, "node" | "frame">): boolean {
  const history = draft.frames.get(frame)?.history.filter((entry) => entry.node === node) ?? [];
  const refused = history.findLastIndex(({ error }) => error?.code === refusedCode || error?.code === blankCode);
  return refused >= 0 && !history.slice(refused).some(({ end }) => end === "cancelled");
}

/** The attempt that rendered the frame. One of an earlier run gets a number of this run, because only these count. */
export function failedAttempt(draft: Draft, record: FrameRecord, { node, error }: Refusal): PastAttempt {
  const stored = record.history.find((entry) => entry.node === node && entry.end === "stored");
  if (stored && stored.attempt >= draft.firstAttempt) return { ...stored, end: "failed", error };
  return { attempt: nextNumber(draft), node, hasStarted: true, refetches: 0, end: "failed", error };
}
