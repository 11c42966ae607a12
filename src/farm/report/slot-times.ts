import type { AttemptRecord } from "../../frames/attempt-record.ts";

/** How a slot spent its time, in milliseconds. */
export interface SlotTimes {
  /** From an attempt's start to its result, for attempts that gave the stored frame. */
  render: number;
  /** The same for attempts that failed, were lost, were cancelled, or came too late. */
  wasted: number;
  /** The node receives the blendfile. */
  upload: number;
  /** The slot opens the blendfile: until its first frame, and again after its process ended. */
  load: number;
  /** The slot waits: for the job to start, for its next frame, or for the last frames of others. */
  wait: number;
  /** The node works for another job. */
  busy: number;
  /** The node is lost, excluded or barred, or the slot ended and did not come back. */
  away: number;
}

/**
 * What a node is doing. `joined`: its slots render, or wait. `done`: nothing is left to render, which counts as
 * nothing.
 */
export type PhaseKind = "upload" | "load" | "wait" | "busy" | "away" | "joined" | "done";

/** A phase lasts until the next one begins. */
export interface Phase {
  readonly kind: PhaseKind;
  readonly fromMs: number;
}

/** The time that a slot spent on one attempt. */
interface Work {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOfUse: boolean;
  /** Whether the slot's process ended with the attempt, so that it must open the blendfile again. */
  readonly endsSlot: boolean;
}

export function noSlotTimes(): SlotTimes {
  return { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };
}

export function addTimes(sum: SlotTimes, more: SlotTimes): void {
  for (const name of Object.keys(sum) as (keyof SlotTimes)[]) sum[name] += more[name];
}

/**
 * Adds up how one slot spent its time in one run.
 *
 * @param phases The phases of its node, in order
 * @param attempts The attempts in this slot
 * @param endMs The end of the run
 */
export function slotTimesOf(phases: readonly Phase[], attempts: readonly AttemptRecord[], endMs: number): SlotTimes {
  const times = noSlotTimes();
  const works = worksOf(attempts, endMs);
  let state: "loading" | "ready" | "restarting" = "loading";
  for (const [index, { kind, fromMs }] of phases.entries()) {
    if (kind === "done") continue;
    const toMs = phases[index + 1]?.fromMs ?? endMs;
    if (kind !== "joined") state = "loading";
    let atMs = fromMs;
    // A node continues rendering while its link is lost, so time spent on an attempt counts as that in any phase.
    for (const work of works) {
      const [from, to] = [Math.max(work.fromMs, atMs), Math.min(work.toMs, toMs)];
      if (to <= from && !(work.fromMs >= atMs && work.fromMs < toMs)) continue;
      times[kind === "joined" ? (state === "ready" ? "wait" : "load") : kind] += from - atMs;
      times[work.isOfUse ? "render" : "wasted"] += Math.max(0, to - from);
      state = work.endsSlot && work.toMs <= toMs ? "restarting" : "ready";
      atMs = Math.max(from, to);
    }
    // Without another frame, nothing shows whether the slot was still loading. If its process ended, it has not come
    // back.
    times[kind === "joined" ? (state === "restarting" ? "away" : "wait") : kind] += toMs - atMs;
  }
  return times;
}

/** In order; none starts before the previous one has ended. */
function worksOf(attempts: readonly AttemptRecord[], endMs: number): Work[] {
  const works: Work[] = [];
  let freeMs = 0;
  for (const { at, outcome } of attempts.toSorted((a, b) => (a.at.started ?? 0) - (b.at.started ?? 0))) {
    if (at.started === null) continue;
    const fromMs = Math.max(freeMs, at.started);
    const toMs = Math.min(endMs, Math.max(fromMs, at.rendered ?? at.ended));
    freeMs = toMs;
    const endsSlot = at.rendered === null && (outcome === "failed" || outcome === "cancelled" || outcome === "dropped");
    works.push({ fromMs, toMs, isOfUse: outcome === "stored", endsSlot });
  }
  return works;
}
