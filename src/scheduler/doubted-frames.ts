import type { Frame, NodeId } from "../core/node.ts";
import type { AttemptError } from "./events.ts";
import { failedAttempt } from "./refused-frames.ts";
import type { Draft } from "./state/draft.ts";

interface Doubt {
  readonly node: NodeId;
  readonly frame: Frame;
  readonly error: AttemptError | null;
}

/**
 * A stored frame was removed from the store, because it may be wrong. It is queued again, even if the job was complete.
 * Its node is not blamed. With an error it has had its chance, so another node renders the frame if there is one.
 */
export function onFrameDoubted(draft: Draft, { node, frame, error }: Doubt): void {
  const record = draft.frames.get(frame);
  if (record?.status !== "stored") return;
  let history = record.history.map((entry) => (entry.end === "stored" ? { ...entry, end: "lost" as const } : entry));
  if (error !== null) {
    const failed = failedAttempt(draft, record, { node, frame, error });
    history = [...record.history.filter(({ attempt }) => attempt !== failed.attempt), failed] as typeof history;
  }
  draft.setFrame({ ...record, status: "queued", history });
  draft.isFinished = false;
}
