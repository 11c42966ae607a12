import { type LogLine, textOf } from "./job-log.ts";

/** Anybody may announce any number of nodes, and a node can send a new warning each time. */
const mostListed = 200;

/** What went wrong with a node, how often, and its last message. */
export interface NodeProblem {
  readonly what: "lost" | "barred" | "excluded" | "unreachable" | "busy";
  readonly name: string;
  readonly count: number;
  /** The code of an exclusion, such as `FARM_LOAD_FAILED`; otherwise `null`. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string;
}

/** How the latest run ended; `unfinished` if it is still running, or was killed. */
export type JobEnd = "completed" | "failed" | "interrupted" | "estimated" | "unfinished";

/** Collects from a job's log what the user should know: how it ended, problems of nodes, warnings. */
export class NodeProblems {
  runs = 0;
  outcome: JobEnd = "unfinished";
  /** Why the latest run failed. */
  error: { readonly code: string; readonly message: string } | null = null;
  readonly #nodes = new Map<string, NodeProblem>();
  readonly #warnings = new Set<string>();

  get nodes(): NodeProblem[] {
    return [...this.#nodes.values()];
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  hear(line: LogLine): void {
    switch (line.msg) {
      case "job:started":
        this.runs += 1;
        this.#end("unfinished");
        return;
      case "job:completed":
        this.#end("completed");
        return;
      case "job:interrupted":
        this.#end("interrupted");
        return;
      case "job:estimated":
        this.#end("estimated");
        return;
      case "job:failed":
        this.#end("failed", { code: textOf(line.code), message: textOf(line.message) });
        return;
      case "node:lost":
        this.#count("lost", line, textOf(line.message));
        return;
      case "node:barred":
        this.#count("barred", line, textOf(line.reason));
        return;
      case "node:excluded":
        this.#count("excluded", line, textOf(line.message));
        return;
      case "node:unreachable":
        this.#count("unreachable", line, textOf(line.message));
        return;
      case "alarm:ended":
        this.#endUnreachable(textOf(line.name));
        return;
      case "node:busy":
        this.#count("busy", line, `it worked for ${textOf(line.holder)}${line.job ? ` ('${textOf(line.job)}')` : ""}`);
        return;
      case "frame:refused":
        this.#warn(`FFmpeg refused frame ${line.frame}, which ${textOf(line.name)} rendered: ${textOf(line.message)}`);
        return;
      case "encode:postponed":
        this.#warn(`Encoding was postponed until all frames were stored: ${textOf(line.message)}`);
        return;
      case "warning":
        this.#warn(line.name ? `${textOf(line.message)} (${textOf(line.name)})` : textOf(line.message));
    }
  }

  /** A node that could not be reached has answered. */
  #endUnreachable(name: string): void {
    const key = keyOf("unreachable", name, null);
    const problem = this.#nodes.get(key);
    if (problem) this.#nodes.set(key, { ...problem, message: `${problem.message}; it answered later`, hint: "" });
  }

  #end(outcome: JobEnd, error: NodeProblems["error"] = null): void {
    this.outcome = outcome;
    this.error = error;
  }

  #warn(warning: string): void {
    if (this.#warnings.size < mostListed) this.#warnings.add(warning);
  }

  #count(what: NodeProblem["what"], line: LogLine, message: string): void {
    const [name, code, hint] = [textOf(line.name), textOf(line.code) || null, textOf(line.hint)];
    const key = keyOf(what, name, code);
    const count = (this.#nodes.get(key)?.count ?? 0) + 1;
    if (count > 1 || this.#nodes.size < mostListed) this.#nodes.set(key, { what, name, count, code, message, hint });
  }
}

function keyOf(what: NodeProblem["what"], name: string, code: string | null): string {
  return JSON.stringify([what, name, code]);
}
