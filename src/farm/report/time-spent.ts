import type { Frame, NodeId } from "../../core/node.ts";
import { PendingAttemptTime } from "./efforts.ts";
import { amountOf, type LogLine, textOf } from "./job-log.ts";
import { noSlotTimes, SlotClock, type SlotState, type SlotTimes } from "./slot-time.ts";

/** As many as a node may have, by its protocol. */
const mostSlots = 256;

/** An error's code, by itself or before its message. An attempt that failed with one ended its slot's process. */
const errorCode = /^[A-Z][A-Z0-9_]+(?=$|: )/;

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

interface NodeClock {
  readonly record: NodeTimes;
  readonly slots: Map<number, SlotClock>;
  hasLink: boolean;
  isBarred: boolean;
}

/** Hears a job's log line by line, and adds up where the time went: of each slot, and of the whole. */
export class TimeSpent {
  /** From the start of each run to its end. */
  wallMs = 0;
  /** From a frame that was rendered to its being on our disk, added up. */
  transferMs = 0;
  /** From the moment in which all frames were stored to the end of the run. */
  encodeMs = 0;
  readonly #records = new Map<NodeId, NodeTimes>();
  readonly #pending = new PendingAttemptTime();
  #nodes = new Map<NodeId, NodeClock>();
  /** The nodes when all frames were stored: one may be refused, and rendered again. */
  #resting = new Map<NodeId, NodeClock>();
  #startedMs: number | undefined;
  #allStoredMs: number | undefined;
  #lastMs = 0;
  #frames = 0;

  get nodes(): readonly NodeTimes[] {
    return [...this.#records.values()];
  }

  hear(line: LogLine): void {
    const { elapsedMs: atMs, msg } = line;
    if (msg === "job:started") {
      this.#endRun();
      this.#startedMs = atMs;
    }
    if (this.#startedMs === undefined) return; // what is told after a run's end is none of its time
    this.#lastMs = atMs;
    if (msg.startsWith("node:")) this.#hearNode(line);
    else if (msg.startsWith("frame:")) this.#hearFrame(line);
    else if (msg === "scene:read" || msg === "job:resumed") this.#beginFrames(line);
    else if (msg === "job:completed" || msg === "job:failed" || msg === "job:interrupted") this.#endRun();
  }

  /** The log is at its end. */
  end(): void {
    this.#endRun();
    this.#pending.end();
  }

  #hearNode(line: LogLine): void {
    const { elapsedMs: atMs, msg } = line;
    if (this.#allStoredMs !== undefined) return; // no node is needed any more
    if (msg === "node:found") this.#connectNode(line);
    const clock = msg === "node:excluded" ? this.#byName(textOf(line.name)) : this.#nodes.get(textOf(line.node));
    if (!clock) return;
    switch (msg) {
      case "node:busy":
        turnAll(clock, "busy", atMs);
        return;
      case "node:uploading": {
        const isFirst = [...clock.slots.values()].some(({ state }) => state === "load");
        turnAll(clock, amountOf(line.haveBytes) < amountOf(line.sizeBytes) ? "upload" : "load", atMs);
        // It had not begun to open anything: it waited for the job.
        if (isFirst) for (const slot of clock.slots.values()) slot.regard("load", "wait");
        return;
      }
      case "node:joined":
        clock.hasLink = true;
        this.#pending.joined(clock.record.node, atMs);
        turnAll(clock, clock.isBarred ? "away" : "settling", atMs);
        return;
      case "node:lost":
      case "node:excluded":
        clock.hasLink = false;
        turnAll(clock, "away", atMs);
        return;
      case "node:barred":
      case "node:forgiven":
        clock.isBarred = msg === "node:barred";
        for (const slot of clock.slots.values()) {
          if (slot.frame === null && clock.hasLink) slot.turn(clock.isBarred ? "away" : "wait", atMs);
        }
    }
  }

  #connectNode(line: LogLine): void {
    const node = textOf(line.node);
    const count = Math.min(mostSlots, Math.max(1, Math.floor(amountOf(line.slots))));
    const times = this.#records.get(node)?.times ?? noSlotTimes();
    const record = { node, name: textOf(line.name), blender: textOf(line.blender), slots: count, times };
    this.#records.set(node, record);
    const slots = Array.from({ length: count }, (_, slot) => slot);
    const clocks = new Map(slots.map((slot) => [slot, new SlotClock(times, "load", line.elapsedMs)]));
    this.#nodes.set(node, { record, slots: clocks, hasLink: false, isBarred: false });
  }

  /** Until now nobody could have had a frame: what looked like loading was our own doing. */
  #beginFrames(line: LogLine): void {
    const { elapsedMs: atMs, msg } = line;
    for (const { slots } of this.#nodes.values()) {
      for (const slot of slots.values()) {
        slot.turn(slot.state, atMs);
        slot.regard("settling", "wait");
      }
    }
    if (msg === "scene:read") this.#frames = amountOf(line.frames);
    else if (amountOf(line.stored) >= this.#frames) this.#finishFrames(atMs);
  }

  #hearFrame(line: LogLine): void {
    const { elapsedMs: atMs, msg, frame } = line;
    if (typeof frame !== "number") return;
    const clock = this.#nodes.get(textOf(line.node));
    switch (msg) {
      case "frame:started":
        if (clock) this.#start(clock, frame, line);
        return;
      case "frame:rendered":
        if (clock) this.#finish(clock, frame, line);
        return;
      case "frame:stored":
        this.#store(textOf(line.node), frame, atMs);
        if (amountOf(line.stored) >= amountOf(line.total)) this.#finishFrames(atMs);
        return;
      case "frame:refused":
        this.#renderAgain(atMs);
        return;
      case "frame:requeued":
        if (clock?.hasLink) this.#lose([clock], frame, line);
        return; // an attempt on a lost link may come to something yet
      case "frame:failed":
        this.#lose(
          [...this.#nodes.values()].filter(({ hasLink }) => hasLink),
          frame,
          line,
        );
    }
  }

  #start({ record, slots }: NodeClock, frame: Frame, { slot: number, elapsedMs: atMs }: LogLine): void {
    if (typeof number !== "number" || number >= mostSlots) return;
    const slot = slots.get(number) ?? new SlotClock(record.times, "wait", atMs);
    slots.set(number, slot);
    slot.begin(frame, atMs);
    this.#pending.waste(frame, record.node);
  }

  #finish({ record, slots, isBarred }: NodeClock, frame: Frame, line: LogLine): void {
    const own = [...slots.values()];
    const slot = own.find((each) => each.frame === frame) ?? own.find((each) => each.frame === null);
    const renderMs = amountOf(line.seconds) * 1000;
    const spentMs = slot?.finish(renderMs, isBarred ? "away" : "wait", line.elapsedMs) ?? 0;
    this.#pending.add(frame, record.node, { times: record.times, spentMs, readyMs: line.elapsedMs });
  }

  #store(node: NodeId, frame: Frame, atMs: number): void {
    this.transferMs += this.#pending.store(frame, node, atMs);
    for (const { slots, hasLink } of this.#nodes.values()) {
      for (const slot of slots.values()) {
        // It renders there a second time, which is ended by force.
        if (slot.frame === frame) slot.fail(hasLink ? "restarting" : "away", atMs);
      }
    }
  }

  /** Attempts that have come to nothing on nodes with a link. */
  #lose(clocks: readonly NodeClock[], frame: Frame, line: LogLine): void {
    const endsSlot = errorCode.test(textOf(line.code) || textOf(line.reason));
    for (const { record, slots, isBarred } of clocks) {
      for (const slot of slots.values()) {
        if (slot.frame !== frame) continue;
        slot.fail(isBarred ? "away" : endsSlot ? "restarting" : "wait", line.elapsedMs);
      }
      this.#pending.waste(frame, record.node);
    }
  }

  /** All frames are stored: from here on the nodes have nothing to do. */
  #finishFrames(atMs: number): void {
    this.#allStoredMs ??= atMs;
    for (const { record, slots } of this.#nodes.values()) {
      for (const slot of slots.values()) {
        const { frame } = slot;
        const spentMs = slot.end(atMs);
        if (frame === null) continue;
        this.#pending.add(frame, record.node, { times: record.times, spentMs, readyMs: atMs });
      }
    }
    if (this.#nodes.size > 0) this.#resting = this.#nodes;
    this.#nodes = new Map();
  }

  /** A frame was refused when all were stored: the nodes, which are still there, have something to do again. */
  #renderAgain(atMs: number): void {
    if (this.#allStoredMs === undefined) return;
    this.encodeMs += atMs - this.#allStoredMs;
    this.#allStoredMs = undefined;
    this.#nodes = this.#resting;
    for (const { record, slots, hasLink } of this.#nodes.values()) {
      for (const number of slots.keys())
        slots.set(number, new SlotClock(record.times, hasLink ? "wait" : "away", atMs));
    }
  }

  #endRun(): void {
    if (this.#startedMs === undefined) return;
    this.wallMs += this.#lastMs - this.#startedMs;
    if (this.#allStoredMs !== undefined) this.encodeMs += this.#lastMs - this.#allStoredMs;
    this.#finishFrames(this.#lastMs);
    this.#resting = new Map();
    this.#startedMs = undefined;
    this.#allStoredMs = undefined;
    this.#frames = 0;
  }

  #byName(name: string): NodeClock | undefined {
    const named = [...this.#nodes.values()].filter(({ record }) => record.name === name);
    return named.length === 1 ? named[0] : undefined;
  }
}

function turnAll({ slots }: NodeClock, state: SlotState, atMs: number): void {
  for (const slot of slots.values()) slot.turn(state, atMs);
}
