import { formatFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import type { AttemptRecord } from "../../frames/attempt-record.ts";

/** Nodes may think of ever new codes. */
const mostCauses = 100;
const others = "other causes";

/** Why attempts failed or were wasted. */
export interface Cause {
  /** The error's code, as `DISK_FULL`; `null` where nobody is to blame, as when a link was lost. */
  readonly code: string | null;
  readonly count: number;
  /** Where they failed, the most often first. */
  readonly nodes: readonly { readonly name: string; readonly count: number }[];
  /** Frames that failed for it and are not stored, as `--frames` takes them. */
  readonly failedFrames: string;
  /** One of the messages. */
  readonly message: string;
  /** What can be done, empty where nobody said. */
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
 * Groups the attempts that failed or were lost by their cause: those first that cost frames, then the most frequent.
 *
 * @param isMissing Whether a frame is wanted and not stored
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
  // Without a code the reason itself is the cause, whatever numbers are in it.
  const key = code ?? message.replace(/\d+/g, "0");
  const known = entries.get(key);
  if (known) return known;
  if (entries.size >= mostCauses && key !== others) return entryOf(entries, null, others);
  const entry: Entry = { code, message, nodes: new Map(), frames: new Set(), count: 0, hint: "" };
  entries.set(key, entry);
  return entry;
}
