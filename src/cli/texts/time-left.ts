import type { FarmEvent } from "../../index.ts";

/** How long something is expected to take, and how sure that is, in milliseconds. */
export interface Eta {
  readonly ms: number;
  /** The shortest and the longest time that would be no surprise. */
  readonly least: number;
  readonly most: number;
}

/** The estimate of a progress event, if it has one. */
export function etaOf({ etaMs, etaRangeMs }: Extract<FarmEvent, { type: "job:progressed" }>): Eta | null {
  if (etaMs === null) return null;
  const [least, most] = etaRangeMs ?? [etaMs, etaMs];
  return { ms: etaMs, least, most };
}

interface Unit {
  readonly name: string;
  readonly ms: number;
  /** Longer times have a larger unit. */
  readonly below: number;
  /** Times are rounded to a multiple of this many units. */
  readonly step: (count: number) => number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const units: readonly Unit[] = [
  { name: "s", ms: 1_000, below: 2 * minute, step: (count) => (count < 20 ? 1 : count < 60 ? 5 : 10) },
  { name: "min", ms: minute, below: 90 * minute, step: (count) => (count < 30 ? 1 : 5) },
  { name: "h", ms: hour, below: 2 * day, step: (count) => (count < 10 ? 0.5 : 1) },
  { name: "days", ms: day, below: Number.POSITIVE_INFINITY, step: () => 0.5 },
];
/** Below this, an estimate would count down faster than anybody reads. */
const fewSecondsMs = 8_000;
/** A range whose ends differ by less than this factor is given as one time. */
const sureFactor = 1.3;

/**
 * An estimate for people, which says how sure it is: "about 3 min", or "3–5 min" if it is not sure.
 *
 * @param dash Between the ends of a range
 * @param passedMs Time since the estimate was made
 */
export function timeLeftText({ ms, least, most }: Eta, { dash } = { dash: "–" }, passedMs = 0): string {
  const [earliest, latest] = [Math.max(0, least - passedMs), most - passedMs];
  if (latest < fewSecondsMs) return "a few seconds";
  if (latest < earliest * sureFactor) return `about ${roughDuration(ms - passedMs)}`;
  const unit = unitOf(latest);
  const [from, to] = [roundedIn(unit, earliest, Math.floor), roundedIn(unit, latest, Math.ceil)];
  return from === 0 ? `up to ${to} ${unit.name}` : `${from}${dash}${to} ${unit.name}`;
}

/** A time in round numbers, for example "40 s", "25 min", "2.5 h". */
export function roughDuration(durationMs: number): string {
  const unit = unitOf(durationMs);
  return `${roundedIn(unit, durationMs, Math.round)} ${unit.name}`;
}

function unitOf(durationMs: number): Unit {
  return units.find(({ below }) => durationMs < below) ?? (units[0] as Unit);
}

function roundedIn({ ms, step }: Unit, durationMs: number, round: (count: number) => number): number {
  const count = Math.max(0, durationMs / ms);
  const one = step(count);
  return round(count / one) * one;
}
