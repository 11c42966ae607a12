import type { Frame } from "../core/node.ts";
import type { Draft } from "./state/draft.ts";

/**
 * A stored frame was removed from the store, because its slot has been found to render differently from a new process.
 * It is queued again, even if the job was complete. Nobody is to blame: its node continues with new processes.
 */
export function onFrameDoubted(draft: Draft, frame: Frame): void {
  const record = draft.frames.get(frame);
  if (record?.status !== "stored") return;
  const history = record.history.map((entry) => (entry.end === "stored" ? { ...entry, end: "lost" as const } : entry));
  draft.setFrame({ ...record, status: "queued", history });
  draft.isFinished = false;
}
