import { FarmError } from "../core/errors.ts";
import type { NodeReport } from "../session/node-session.ts";

/** Far more than the slots and held results of one machine have to tell. */
const mostReports = 4_096;

/** What a node says while it loads, kept until it has joined. */
export class EarlyReports {
  readonly #reports: NodeReport[] = [];

  /** Progress is not kept: the next one tells as much. @throws {FarmError} `FARM_BAD_MESSAGE` when it says too much */
  add(report: NodeReport): void {
    if (report.type === "frame-progress") return;
    if (this.#reports.length >= mostReports) {
      throw new FarmError(
        "FARM_BAD_MESSAGE",
        `Cannot listen to the node: it told of ${mostReports} things before it had opened the blendfile`,
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
