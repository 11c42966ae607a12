import { formatFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import type { AttemptRecord } from "../../frames/attempt-record.ts";

/** A node can send a new code each time. */
const mostCauses = 100;
const others = "other causes";

/** Why attempts failed or were wasted. */
export interface Cause {
  /** The error's code, such as `DISK_FULL`; `null` if nobody is to blame, as when a link was lost. */
  readonly code: string | null;
  readonly count: number;
  /** The nodes where they failed, the most frequent first. */
  readonly nodes: readonly { readonly name: string; readonly count: number }[];
  /** Frames that failed for this reason and are not stored, as `--frames` takes them. */
  readonly failedFrames: string;
  /** One of the messages. */
  readonly message: string;
  /** What can be done; empty if unknown. */
  readonly hint: string;
}

interface Entry {
  readonly code: string | null;
  readonly message: string;
  readonly nodes: Map<string, number>;
  readonly frames: Set<Frame>;
  count: number;
  hint: string;
}

/**
 * Groups failed and lost attempts by their cause: those that cost frames first, then the most frequent.
 *
 * @param isMissing Whether a frame is expected and not stored
 */
export function causesOf(attempts: readonly AttemptRecord[], isMissing: (frame: Frame) => boolean): Cause[] {
  const entries = new Map<string, Entry>();
  for (const { outcome, error, frame, node } of attempts) {
    if (outcome !== "failed" && outcome !== "lost") continue;
    const entry = entryOf(entries, error?.code ?? null, error?.message ?? "it was lost with its node or slot");
    entry.count += 1;
    entry.hint ||= error?.hint ?? "";
    entry.nodes.set(node.name, (entry.nodes.get(node.name) ?? 0) + 1);
    if (outcome === "failed" && isMissing(frame)) entry.frames.add(frame);
  }
  return [...entries.values()]
    .sort((a, b) => b.frames.size - a.frames.size || b.count - a.count)
    .map(({ nodes, frames, ...entry }) => ({
      ...entry,
      nodes: [...nodes].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count),
      failedFrames: formatFrames(frames),
    }));
}

function entryOf(entries: Map<string, Entry>, code: string | null, message: string): Entry {
  // Without a code, the message itself is the cause, whatever its numbers.
  const key = code ?? message.replace(/\d+/g, "0");
  const known = entries.get(key);
  if (known) return known;
  if (entries.size >= mostCauses && key !== others) return entryOf(entries, null, others);
  const entry: Entry = { code, message, nodes: new Map(), frames: new Set(), count: 0, hint: "" };
  entries.set(key, entry);
  return entry;
}
