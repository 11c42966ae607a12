import type { CompletedJob, FarmEvent } from "../../index.ts";
import { out } from "../outputs.ts";
import { JsonLines } from "./json-lines.ts";
import { PlainLines } from "./plain-lines.ts";

/** What a job tells about itself, in one form or another. */
export interface Reporter {
  tell(event: FarmEvent): void;
  finish(result: CompletedJob): void;
  interrupted(missing: number | null): void;
}

/** Lines for a log, or for a terminal that can show no more. */
export function plainReporter(): Reporter {
  return new PlainLines(
    (line) => out.writeLine(line),
    () => performance.now(),
    (line) => out.write(line),
  );
}

/** Objects for scripts. None is lost while nobody reads, but those that tell of progress. */
export function jsonReporter(): Reporter {
  const lines = new JsonLines((line) => out.write(line), Date.now);
  return {
    tell: (event) => {
      if (!out.isBehind || !isProgress(event)) lines.tell(event);
    },
    finish: ({ type: _, ...result }) => lines.tell({ type: "job:completed" }, result),
    interrupted: (missing) => lines.tell({ type: "job:interrupted" }, { missing }),
  };
}

/** Whether an event says only how far something is, which the next of its kind says again. */
function isProgress(event: FarmEvent): boolean {
  if (event.type === "node:uploading") return event.haveBytes > 0 && event.haveBytes < event.sizeBytes;
  return event.type === "frame:progressed" || event.type === "job:progressed";
}
