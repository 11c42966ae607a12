import { FarmError } from "../core/errors.ts";
import type { NodeReport } from "../session/node-session.ts";

/** Far more than the slots and held results of one machine have to tell. */
const mostReports = 4_096;
/** As JSON. An error may come with a long log. */
const mostCharacters = 16 * 1024 * 1024;

/** What a node says while it loads, kept until it has joined. */
export class EarlyReports {
  readonly #reports: NodeReport[] = [];
  #characters = 0;

  /** Progress is not kept: the next one tells as much. @throws {FarmError} `FARM_BAD_MESSAGE` when it says too much */
  add(report: NodeReport): void {
    if (report.type === "frame-progress") return;
    this.#characters += JSON.stringify(report).length;
    if (this.#reports.length >= mostReports || this.#characters > mostCharacters) {
      throw new FarmError(
        "FARM_BAD_MESSAGE",
        "Cannot listen to the node: it told of more than it can have done before it had opened the blendfile",
        "Run the same release of renderfarm on both machines",
      );
    }
    this.#reports.push(report);
  }

  /** All of them, in order; afterwards there is none. */
  take(): NodeReport[] {
    return this.#reports.splice(0);
  }
}
