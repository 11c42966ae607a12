import type { Frame, NodeId } from "../core/node.ts";
import { isObject } from "./frame-record.ts";

/**
 * How an attempt ended. `stored`: its result was stored. `dropped`: another attempt stored the frame first. `withdrawn`
 * and `cancelled`: by the scheduler. `lost`: with its link, slot or result, and nobody is to blame. `failed`: with an
 * error. `unfinished`: the run ended first.
 */
export type AttemptOutcome = "stored" | "dropped" | "withdrawn" | "cancelled" | "lost" | "failed" | "unfinished";

/** Times of an attempt, in milliseconds on a monotonic scale of the run; `null` for steps that did not happen. */
export interface AttemptTimes {
  /** The node was told to render it. */
  readonly assigned: number | null;
  readonly started: number | null;
  /** The node had finished the result. */
  readonly rendered: number | null;
  /** The node was asked for the result's bytes. */
  readonly fetched: number | null;
  /** The last byte of the result had arrived. */
  readonly arrived: number | null;
  /** The attempt had ended; if `stored`, its frame was on disk. */
  readonly ended: number;
}

/**
 * One attempt: a line of `attempts.ndjson`, written when it ends. Of several lines with one number the last one counts.
 */
export interface AttemptRecord {
  /** Run of the job, from 1. */
  readonly run: number;
  readonly frame: Frame;
  readonly attempt: number;
  readonly node: { readonly id: NodeId; readonly name: string };
  /** `null` for a result from an earlier link or run. */
  readonly slot: number | null;
  /** The version of the node's Blender. */
  readonly blender: string;
  /** The device that rendered it; empty without a result. */
  readonly device: string;
  readonly at: AttemptTimes;
  readonly outcome: AttemptOutcome;
  /** The reason for `failed`, and for other outcomes if something is known. */
  readonly error: AttemptProblem | null;
}

interface AttemptProblem {
  /** `null` if nobody is to blame. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string;
  readonly fault: "scene" | "node" | "nobody";
}

const outcomes: readonly string[] = ["stored", "dropped", "withdrawn", "cancelled", "lost", "failed", "unfinished"];
const faults: readonly unknown[] = ["scene", "node", "nobody"];

/** @returns `null` if the line is not a record */
export function parseAttemptRecord(line: string): AttemptRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isObject(value) || !isObject(value.node) || !isObject(value.at)) return null;
  const { run, frame, attempt, slot, blender, device, outcome, error } = value;
  const { id, name } = value.node;
  if (![run, frame, attempt].every(Number.isSafeInteger) || (slot !== null && !Number.isSafeInteger(slot))) return null;
  if (![id, name, blender, device].every((text) => typeof text === "string")) return null;
  if (typeof outcome !== "string" || !outcomes.includes(outcome)) return null;
  const { assigned, started, rendered, fetched, arrived, ended } = value.at;
  if (![assigned, started, rendered, fetched, arrived].every((time) => time === null || isTime(time))) return null;
  if (!isTime(ended) || (error !== null && !isProblem(error))) return null;
  return value as unknown as AttemptRecord;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isProblem(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { code, message, hint, fault } = value;
  const areTexts = typeof message === "string" && typeof hint === "string";
  return areTexts && (code === null || typeof code === "string") && faults.includes(fault);
}
