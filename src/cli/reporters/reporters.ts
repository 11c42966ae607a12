import type { FarmEvent } from "../../index.ts";
import { out } from "../outputs.ts";
import { JsonLines } from "./json-lines.ts";
import { PlainLines } from "./plain-lines.ts";

/** Hears the events of a job, in order, and shows them in one form or another. Any number of them may hear one job. */
export interface Reporter {
  tell(event: FarmEvent): void;
}

/** Lines for a log, or for a terminal that can show no more. */
export function plainReporter(): Reporter {
  return new PlainLines(
    (line) => out.writeLine(line),
    () => performance.now(),
    (line) => out.write(line),
  );
}

/** Objects for scripts. While nobody reads none is lost, except those that tell of progress. */
export function jsonReporter(): Reporter {
  const lines = new JsonLines((line) => out.write(line), Date.now);
  return {
    tell: (event) => {
      if (!out.isBehind || !isProgress(event)) lines.tell(event);
    },
  };
}

const told = new WeakSet<Error>();

/** Remembers that a reporter has told an error, so that it is not told twice to a script. */
export function markTold(error: Error): void {
  told.add(error);
}

export function wasTold(error: Error): boolean {
  return told.has(error);
}

/** Whether an event says only how far something is, which the next of its kind says again. */
function isProgress(event: FarmEvent): boolean {
  if (event.type === "node:uploading") return event.haveBytes > 0 && event.haveBytes < event.sizeBytes;
  return event.type === "frame:progressed" || event.type === "job:progressed";
}
