import type { Frame, NodeId } from "../core/node.ts";
import { isObject } from "./frame-record.ts";

/**
 * How an attempt ended. `stored`: its frame was stored from it. `dropped`: another one stored its frame first. `withdrawn` and
 * `cancelled`: it was taken back. `lost`: with its link, its slot or its result, through nobody's fault. `failed`: by an
 * error. `unfinished`: the run ended first.
 */
export type AttemptOutcome = "stored" | "dropped" | "withdrawn" | "cancelled" | "lost" | "failed" | "unfinished";

/** Moments of an attempt, in milliseconds on a scale of the run that never jumps; `null` for what did not happen. */
export interface AttemptTimes {
  /** The node was told to render it. */
  readonly assigned: number | null;
  readonly started: number | null;
  /** The node had the result. */
  readonly rendered: number | null;
  /** The first byte of the result was asked for. */
  readonly fetched: number | null;
  /** The last byte of the result had come. */
  readonly arrived: number | null;
  /** It was stored, or ended otherwise. */
  readonly ended: number;
}

/** One attempt at one frame, one line of `attempts.ndjson`, written when it ends. Of several with one number the last counts. */
export interface AttemptRecord {
  /** Run of the job, from 1. */
  readonly run: number;
  readonly frame: Frame;
  readonly attempt: number;
  readonly node: { readonly id: NodeId; readonly name: string };
  /** `null` for a result of an earlier link or run. */
  readonly slot: number | null;
  /** Version of the node's Blender. */
  readonly blender: string;
  /** What it was rendered on; empty while there is no result. */
  readonly device: string;
  readonly at: AttemptTimes;
  readonly outcome: AttemptOutcome;
  /** Why, where the outcome is `failed`, and where something is known of it for others. */
  readonly error: AttemptProblem | null;
}

interface AttemptProblem {
  /** `null` when nobody is to blame. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string;
  readonly fault: "scene" | "node" | "nobody";
}

const outcomes: readonly string[] = ["stored", "dropped", "withdrawn", "cancelled", "lost", "failed", "unfinished"];
const faults: readonly unknown[] = ["scene", "node", "nobody"];

/** @returns `null` when it is no record, whatever else it is */
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
