import type { FarmEvent } from "../../index.ts";
import { out } from "../outputs.ts";
import { wrappedFor } from "../wrap.ts";
import { JsonLines } from "./json-lines.ts";
import { PlainLines } from "./plain-lines.ts";

/** Receives the events of a job, in order, and shows them in some form. A job may have any number of reporters. */
export interface Reporter {
  tell(event: FarmEvent): void;
}

/** Lines for a log, or for a terminal without a live view. */
export function plainReporter(): Reporter {
  return new PlainLines(
    (line) => out.writeLine(wrappedFor(process.stdout, line)),
    () => performance.now(),
    (line) => out.write(wrappedFor(process.stdout, line)),
  );
}

/** JSON objects for scripts. While nobody reads them, only progress events are dropped. */
export function jsonReporter(): Reporter {
  const lines = new JsonLines((line) => out.write(line), Date.now);
  return {
    tell: (event) => {
      if (!out.isBehind || !isProgress(event)) lines.tell(event);
    },
  };
}

const shown = new WeakSet<Error>();

/** Marks an error that a reporter has shown already, so that scripts do not get it twice. */
export function markShown(error: Error): void {
  shown.add(error);
}

export function wasShown(error: Error): boolean {
  return shown.has(error);
}

/** Whether an event only reports progress, which the next event of its type reports again. */
function isProgress(event: FarmEvent): boolean {
  if (event.type === "node:uploading" || event.type === "node:receiving") return event.filesLeft > 0;
  return event.type === "frame:progressed" || event.type === "job:progressed";
}
