import type { NodeId } from "../../core/node.ts";
import type { AttemptRecord } from "../../frames/attempt-record.ts";
import { amountOf, type LogLine, textOf } from "./job-log.ts";
import { addTimes, noSlotTimes, type Phase, type PhaseKind, type SlotTimes, slotTimesOf } from "./slot-times.ts";

/** The most that the protocol allows a node. */
const mostSlots = 256;

/** A node, over all runs of the job. */
export interface NodeTimes {
  readonly node: NodeId;
  readonly name: string;
  /** Its Blender version, as it reports it. */
  readonly blender: string;
  readonly slots: number;
  /** The times of all its slots, added up. */
  readonly times: SlotTimes;
}

/** A node in one run. */
interface NodeSpan {
  readonly name: string;
  readonly slots: number;
  readonly phases: Phase[];
}

/** Adds up where the time of a job went, from its log (the nodes' phases) and its attempts (the slots' work). */
export class TimeSpent {
  /** From the start of each run to its end. */
  wallMs = 0;
  /** From rendered to stored, added up over all frames. */
  transferMs = 0;
  /** From the last stored frame to the end of each run. */
  encodeMs = 0;
  readonly #attempts = new Map<NodeId, AttemptRecord[]>();
  readonly #nodes = new Map<NodeId, NodeTimes>();
  #run = 0;
  #spans = new Map<NodeId, NodeSpan>();
  #startedMs: number | undefined;
  #allStoredMs: number | undefined;
  #lastMs = 0;
  #frames = 0;

  /** @param attempts All attempts of the job */
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
    if (this.#startedMs === undefined) return; // events after a run's end do not count
    this.#lastMs = ms;
    if (msg.startsWith("node:")) this.#hearNode(line);
    else if (msg === "run:started") this.#run = amountOf(line.run);
    else if (msg === "scene:read") this.#beginFrames(amountOf(line.frames), ms);
    else if (msg === "job:resumed") {
      this.#beginFrames(this.#frames, ms);
      this.#noteStored(amountOf(line.stored), this.#frames, ms);
    } else if (msg === "frame:stored") this.#noteStored(amountOf(line.stored), amountOf(line.total), ms);
    else if (msg === "frame:refused" || msg === "frames:doubted") this.#renderAgain(ms);
    else if (/^job:(completed|failed|interrupted|estimated)$/.test(msg)) this.#endRun();
  }

  /** Must be called after the last line of the log. */
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
        // So far it had nothing to open: it waited for the job to start.
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

  /** Until now no node could get a frame, so the nodes were waiting. */
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

  /** A frame was refused after all were stored: the nodes, which are still there, have work again. */
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

/** Starts a node's next phase. */
function turn({ phases }: NodeSpan, kind: PhaseKind, fromMs: number): void {
  if (phases.at(-1)?.kind !== kind) phases.push({ kind, fromMs });
}

/**
 * If a frame was stored more than once, as it was damaged or refused in between, only its last attempt counts as
 * stored.
 */
function onlyLastStored(attempts: readonly AttemptRecord[]): AttemptRecord[] {
  const last = new Map(attempts.flatMap((record) => (record.outcome === "stored" ? [[record.frame, record]] : [])));
  return attempts.map((record) =>
    record.outcome === "stored" && last.get(record.frame) !== record ? { ...record, outcome: "dropped" } : record,
  );
}
