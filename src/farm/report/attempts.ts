import { type AttemptRecord, parseAttemptRecord } from "../../frames/attempt-record.ts";
import { linesOf } from "./job-log.ts";

/**
 * The attempts of a job, in the order in which they ended. If an attempt ended twice, because FFmpeg refused its stored
 * frame later, the last end counts.
 */
export async function readAttempts(file: string): Promise<AttemptRecord[]> {
  const latest = new Map<number, AttemptRecord>();
  for await (const line of linesOf(file)) {
    const record = parseAttemptRecord(line);
    if (record === null) continue;
    const former = latest.get(record.attempt);
    latest.delete(record.attempt);
    latest.set(record.attempt, former === undefined ? record : withTimesOf(former, record));
  }
  return [...latest.values()];
}

/** Adds what only the earlier record has, such as the start of an attempt that continued while its link was lost. */
function withTimesOf(former: AttemptRecord, later: AttemptRecord): AttemptRecord {
  const { assigned, started, rendered, fetched, arrived, ended } = later.at;
  const at = {
    assigned: former.at.assigned ?? assigned,
    started: former.at.started ?? started,
    rendered: rendered ?? former.at.rendered,
    fetched: fetched ?? former.at.fetched,
    arrived: arrived ?? former.at.arrived,
    ended: later.outcome === "stored" ? ended : former.at.ended,
  };
  return { ...later, slot: later.slot ?? former.slot, device: later.device || former.device, at };
}
