import type { NodeId } from "../../core/node.ts";
import type { AttemptRecord } from "../../frames/attempt-record.ts";
import { amountOf, type LogLine, textOf } from "./job-log.ts";
import { addTimes, noSlotTimes, type Phase, type PhaseKind, type SlotTimes, slotTimesOf } from "./slot-times.ts";

/** As many as a node may have, by its protocol. */
const mostSlots = 256;

/** A node, over all runs of the job. */
export interface NodeTimes {
  readonly node: NodeId;
  readonly name: string;
  /** Version of its Blender, as it says. */
  readonly blender: string;
  readonly slots: number;
  /** Of all its slots together. */
  readonly times: SlotTimes;
}

/** A node in one run. */
interface NodeSpan {
  readonly name: string;
  readonly slots: number;
  readonly phases: Phase[];
}

/** Adds up where the time of a job went, from its log (when each node was there) and its attempts (what its slots did). */
export class TimeSpent {
  /** From the start of each run to its end. */
  wallMs = 0;
  /** From a frame that was rendered to its being on our disk, added up. */
  transferMs = 0;
  /** While all frames were stored and the run went on. */
  encodeMs = 0;
  readonly #attempts = new Map<NodeId, AttemptRecord[]>();
  readonly #nodes = new Map<NodeId, NodeTimes>();
  #run = 0;
  #spans = new Map<NodeId, NodeSpan>();
  #startedMs: number | undefined;
  #allStoredMs: number | undefined;
  #lastMs = 0;
  #frames = 0;

  /** @param attempts All of the job */
  constructor(attempts: readonly AttemptRecord[]) {
    for (const record of onlyLastStored(attempts)) {
      const ofNode = this.#attempts.get(record.node.id) ?? [];
      this.#attempts.set(record.node.id, [...ofNode, record]);
      const { rendered, ended } = record.at;
      if (record.outcome === "stored" && rendered !== null) this.transferMs += ended - rendered;
    }
  }

  get nodes(): readonly NodeTimes[] {
    return [...this.#nodes.values()];
  }

  hear(line: LogLine): void {
    const { msg, ms } = line;
    if (msg === "job:started") {
      this.#endRun();
      this.#startedMs = ms;
    }
    if (this.#startedMs === undefined) return; // what is told after a run's end is none of its time
    this.#lastMs = ms;
    if (msg.startsWith("node:")) this.#hearNode(line);
    else if (msg === "job:begun") this.#run = amountOf(line.run);
    else if (msg === "scene:read") this.#beginFrames(amountOf(line.frames), ms);
    else if (msg === "job:resumed") {
      this.#beginFrames(this.#frames, ms);
      this.#noteStored(amountOf(line.stored), this.#frames, ms);
    } else if (msg === "frame:stored") this.#noteStored(amountOf(line.stored), amountOf(line.total), ms);
    else if (msg === "frame:refused") this.#renderAgain(ms);
    else if (msg === "job:completed" || msg === "job:failed" || msg === "job:interrupted") this.#endRun();
  }

  /** The log is at its end. */
  end(): void {
    this.#endRun();
  }

  #hearNode(line: LogLine): void {
    const { msg, ms } = line;
    if (msg === "node:found") this.#found(line);
    const span = msg === "node:excluded" ? this.#byName(textOf(line.name)) : this.#spans.get(textOf(line.node));
    if (!span) return;
    switch (msg) {
      case "node:busy":
        turn(span, "busy", ms);
        return;
      case "node:uploading": {
        const last = span.phases.at(-1);
        // Until now it had nothing to open: it waited for the job.
        if (span.phases.length === 1 && last?.kind === "load") span.phases[0] = { ...last, kind: "wait" };
        turn(span, amountOf(line.haveBytes) < amountOf(line.sizeBytes) ? "upload" : "load", ms);
        return;
      }
      case "node:joined":
      case "node:forgiven":
        turn(span, "joined", ms);
        return;
      case "node:lost":
      case "node:excluded":
      case "node:barred":
        turn(span, "away", ms);
    }
  }

  #found(line: LogLine): void {
    const node = textOf(line.node);
    const [name, blender] = [textOf(line.name), textOf(line.blender)];
    const slots = Math.min(mostSlots, Math.max(1, Math.floor(amountOf(line.slots))));
    this.#spans.set(node, { name, slots, phases: [{ kind: "load", fromMs: line.ms }] });
    this.#nodes.set(node, { node, name, blender, slots, times: this.#nodes.get(node)?.times ?? noSlotTimes() });
  }

  /** Until now no node could have had a frame: it waited for us. */
  #beginFrames(frames: number, ms: number): void {
    this.#frames = frames;
    for (const { phases } of this.#spans.values()) {
      const last = phases.at(-1);
      if (last?.kind === "joined") phases.splice(-1, 1, { ...last, kind: "wait" }, { kind: "joined", fromMs: ms });
    }
  }

  #noteStored(stored: number, total: number, ms: number): void {
    if (total === 0 || stored < total || this.#allStoredMs !== undefined) return;
    this.#allStoredMs = ms;
    for (const span of this.#spans.values()) turn(span, "done", ms);
  }

  /** A frame was refused when all were stored: the nodes, which are still there, have something to do again. */
  #renderAgain(ms: number): void {
    if (this.#allStoredMs === undefined) return;
    this.encodeMs += ms - this.#allStoredMs;
    this.#allStoredMs = undefined;
    for (const span of this.#spans.values()) turn(span, span.phases.at(-2)?.kind ?? "away", ms);
  }

  #endRun(): void {
    if (this.#startedMs === undefined) return;
    const endMs = this.#lastMs;
    this.wallMs += endMs - this.#startedMs;
    if (this.#allStoredMs !== undefined) this.encodeMs += endMs - this.#allStoredMs;
    for (const [node, { slots, phases }] of this.#spans) {
      const times = this.#nodes.get(node)?.times;
      const attempts = (this.#attempts.get(node) ?? []).filter(({ run }) => run === this.#run);
      for (let slot = 0; slot < slots; slot += 1) {
        const own = attempts.filter((attempt) => attempt.slot === slot);
        if (times) addTimes(times, slotTimesOf(phases, own, endMs));
      }
    }
    this.#spans = new Map();
    this.#startedMs = undefined;
    this.#allStoredMs = undefined;
    this.#frames = 0;
    this.#run = 0;
  }

  #byName(name: string): NodeSpan | undefined {
    const named = [...this.#spans.values()].filter((span) => span.name === name);
    return named.length === 1 ? named[0] : undefined;
  }
}

/** What a node is at from now on. */
function turn({ phases }: NodeSpan, kind: PhaseKind, fromMs: number): void {
  if (phases.at(-1)?.kind !== kind) phases.push({ kind, fromMs });
}

/** A stored frame that did not last was rendered again: only the last of its stored attempts was of use. */
function onlyLastStored(attempts: readonly AttemptRecord[]): AttemptRecord[] {
  const last = new Map(attempts.flatMap((record) => (record.outcome === "stored" ? [[record.frame, record]] : [])));
  return attempts.map((record) =>
    record.outcome === "stored" && last.get(record.frame) !== record ? { ...record, outcome: "dropped" } : record,
  );
}
