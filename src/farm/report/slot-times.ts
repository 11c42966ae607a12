import type { AttemptRecord } from "../../frames/attempt-record.ts";

/** What the time of a slot goes into, in milliseconds. */
export interface SlotTimes {
  /** From the start of an attempt to its result, of attempts whose frame was stored from them. */
  render: number;
  /** The same of attempts that failed, were lost, were called off, or came too late. */
  wasted: number;
  /** The blendfile is on its way to the node. */
  upload: number;
  /** The blendfile is being opened: for the first time, until the slot's first frame, or after the slot ended. */
  load: number;
  /** For work: for the order of the job, for the next frame, for the last frames of others. */
  wait: number;
  /** The node works for somebody else. */
  busy: number;
  /** The node is lost, excluded or barred, or the slot ended and did not come back. */
  away: number;
}

/** What a node is at. `joined`: its slots render, or wait. `done`: nothing is left to render, which is no time of its slots. */
export type PhaseKind = "upload" | "load" | "wait" | "busy" | "away" | "joined" | "done";

/** It lasts until the next one begins. */
export interface Phase {
  readonly kind: PhaseKind;
  readonly fromMs: number;
}

/** The time that a slot spent on one attempt. */
interface Work {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOfUse: boolean;
  /** Whether the attempt's end was the end of the slot's process, so that it has to open the blendfile again. */
  readonly endsSlot: boolean;
}

export function noSlotTimes(): SlotTimes {
  return { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };
}

export function addTimes(sum: SlotTimes, more: SlotTimes): void {
  for (const name of Object.keys(sum) as (keyof SlotTimes)[]) sum[name] += more[name];
}

/**
 * Adds up what one slot did in one run.
 *
 * @param phases Of its node, in order
 * @param attempts Of this slot
 * @param endMs End of the run
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
    // A node renders on while its link is lost: what it spends on an attempt is that, whatever the phase.
    for (const work of works) {
      const [from, to] = [Math.max(work.fromMs, atMs), Math.min(work.toMs, toMs)];
      if (to <= from && !(work.fromMs >= atMs && work.fromMs < toMs)) continue;
      times[kind === "joined" ? (state === "ready" ? "wait" : "load") : kind] += from - atMs;
      times[work.isOfUse ? "render" : "wasted"] += Math.max(0, to - from);
      state = work.endsSlot && work.toMs <= toMs ? "restarting" : "ready";
      atMs = Math.max(from, to);
    }
    // Whether it still loads cannot be told without another frame. A slot that ended has not come back.
    times[kind === "joined" ? (state === "restarting" ? "away" : "wait") : kind] += toMs - atMs;
  }
  return times;
}

/** In their order, none beginning before the one before it has ended. */
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
