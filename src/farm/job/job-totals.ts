import type { Frame, NodeId } from "../../core/node.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import type { FarmListener, NodeTally } from "../events.ts";

/** A node can word its warnings differently each time. */
const mostWarnings = 200;

/** Totals for the summary: which node rendered how much in this run, and warnings for the user. */
export class JobTotals {
  readonly #tell: FarmListener;
  #reused: number;
  readonly #counted = new Set<Frame>();
  readonly #nodes = new Map<NodeId, { frames: number; renderSeconds: number }>();
  readonly #warnings = new Map<string, string>();
  /** Hints of the errors that made frames fail, by code. */
  readonly #causes = new Map<string, string>();

  /** @param reused How many of the job's frames an earlier run stored */
  constructor(tell: FarmListener, reused: number) {
    this.#tell = tell;
    this.#reused = reused;
  }

  /** Counts a stored frame. @returns Whether it is the first time */
  count(node: NodeId, frame: Frame, seconds: number): boolean {
    if (this.#counted.has(frame)) return false;
    this.#counted.add(frame);
    const before = this.#nodes.get(node) ?? { frames: 0, renderSeconds: 0 };
    this.#nodes.set(node, { frames: before.frames + 1, renderSeconds: before.renderSeconds + seconds });
    return true;
  }

  /** A stored frame was refused: it counts again when it is stored again. */
  discount(node: NodeId, frame: Frame, seconds: number): void {
    const counts = this.#nodes.get(node);
    if (!this.#counted.delete(frame)) this.#reused -= 1;
    else if (counts) {
      this.#nodes.set(node, { frames: counts.frames - 1, renderSeconds: counts.renderSeconds - seconds });
    }
  }

  /** How many of the job's frames an earlier run stored, and this one uses. */
  get reused(): number {
    return this.#reused;
  }

  /** How many of the job's frames are stored, those of earlier runs included. */
  get stored(): number {
    return this.#reused + this.#counted.size;
  }

  /** Reports a warning, once; the summary repeats it. */
  warn(code: string, message: string, name: string | null): void {
    const key = `${code} ${message} ${name}`;
    if (this.#warnings.has(key) || this.#warnings.size >= mostWarnings) return;
    this.#warnings.set(key, name === null ? message : `${message} (${name})`);
    this.#tell({ type: "warning", code, message, name });
  }

  /** A frame failed for good. */
  fail(code: string, hint: string): void {
    if (this.#causes.size < mostWarnings) this.#causes.set(code, hint);
  }

  /** Why frames failed, if it is the same for all of them. */
  get onlyCause(): { readonly code: string; readonly hint: string } | undefined {
    const [cause, another] = this.#causes;
    return cause && !another ? { code: cause[0], hint: cause[1] } : undefined;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings.values()];
  }

  /** What each node did, the busiest first. */
  nodes(infoOf: (node: NodeId) => NodeInfo | undefined): NodeTally[] {
    return [...this.#nodes]
      .map(([node, counts]): NodeTally => {
        const info = infoOf(node);
        return { node, name: info?.name ?? node.slice(0, 8), blender: info?.blender ?? "", ...counts };
      })
      .sort((a, b) => b.frames - a.frames);
  }
}
