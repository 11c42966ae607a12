import { formatFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import { type LogLine, textOf } from "./job-log.ts";

/** Nodes may think of ever new codes and reasons. */
const mostCauses = 100;
const others = "other causes";

/** Why attempts came to nothing. */
export interface Cause {
  /** The error's code, as `DISK_FULL`; `null` where nobody is to blame, as when a link was lost. */
  readonly code: string | null;
  /** Attempts, those after which the frame was given up included. */
  readonly count: number;
  /** Where they failed, the most often first. For a frame that was given up no node is told. */
  readonly nodes: readonly { readonly name: string; readonly count: number }[];
  /** Frames that were given up for it and are not stored since, as `--frames` takes them. */
  readonly givenUp: string;
  /** One of the messages. */
  readonly message: string;
  /** What can be done, empty where nobody said. */
  readonly hint: string;
}

interface Entry {
  readonly code: string | null;
  readonly message: string;
  readonly nodes: Map<string, number>;
  readonly givenUp: Set<Frame>;
  count: number;
  hint: string;
}

/** Hears a job's log, and groups the attempts that came to nothing by their cause. */
export class Causes {
  readonly #entries = new Map<string, Entry>();

  hear(line: LogLine): void {
    switch (line.msg) {
      case "frame:requeued": {
        const [, code = null, message = ""] = /^(?:([A-Z][A-Z0-9_]+): )?(.*)$/s.exec(textOf(line.reason)) ?? [];
        const entry = this.#entryOf(code, message);
        const name = textOf(line.name);
        entry.count += 1;
        entry.nodes.set(name, (entry.nodes.get(name) ?? 0) + 1);
        return;
      }
      case "frame:failed": {
        const entry = this.#entryOf(textOf(line.code), textOf(line.message));
        entry.count += 1;
        entry.hint ||= textOf(line.hint);
        if (typeof line.frame === "number") entry.givenUp.add(line.frame);
        return;
      }
      case "frame:stored":
        for (const { givenUp } of this.#entries.values()) givenUp.delete(line.frame as Frame);
        return;
      case "scene:read": // a later run tries again what an earlier one gave up
        for (const { givenUp } of this.#entries.values()) givenUp.clear();
    }
  }

  /** Those first that cost frames, then the most frequent. */
  list(): Cause[] {
    return [...this.#entries.values()]
      .sort((a, b) => b.givenUp.size - a.givenUp.size || b.count - a.count)
      .map(({ nodes, givenUp, ...entry }) => ({
        ...entry,
        nodes: [...nodes].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count),
        givenUp: formatFrames(givenUp),
      }));
  }

  #entryOf(code: string | null, message: string): Entry {
    // Without a code the reason itself is the cause, whatever numbers are in it.
    const key = code ?? message.replace(/\d+/g, "0");
    const known = this.#entries.get(key);
    if (known) return known;
    if (this.#entries.size >= mostCauses && key !== others) return this.#entryOf(null, others);
    const entry = { code, message, nodes: new Map(), givenUp: new Set<Frame>(), count: 0, hint: "" };
    this.#entries.set(key, entry);
    return entry;
  }
}
