import type { CompletedJob, FarmEvent } from "../index.ts";
import { JsonLines } from "./json-lines.ts";
import { PlainLines } from "./plain-lines.ts";

/** What a job tells about itself, in one form or another. */
export interface Teller {
  tell(event: FarmEvent): void;
  finish(result: CompletedJob): void;
  interrupted(missing: number | null): void;
}

/** Lines for a log, or for a terminal that can show no more. */
export function plainTeller(): Teller {
  return new PlainLines(
    (text) => process.stdout.write(text),
    () => performance.now(),
  );
}

/** Objects for scripts. */
export function jsonTeller(): Teller {
  const lines = new JsonLines((text) => process.stdout.write(text), Date.now);
  return {
    tell: (event) => lines.tell(event),
    finish: ({ type: _, ...result }) => lines.tell({ type: "job:completed" }, result),
    interrupted: (missing) => lines.tell({ type: "job:interrupted" }, { missing }),
  };
}
