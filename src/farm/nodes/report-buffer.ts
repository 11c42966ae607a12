import { FarmError } from "../../core/errors.ts";
import type { NodeReport } from "../../session/node-report.ts";

/** Far more than the slots and held results of one machine can have to report. */
const mostReports = 4_096;
/** As JSON. An error may come with a long log. */
const mostCharacters = 16 * 1024 * 1024;

/** Limits what a node may report while nobody reads it, as all of it is kept. */
export class ReportBudget {
  readonly #when: string;
  #reports = 0;
  #characters = 0;

  /** @param when For the message: "before it had opened the blendfile" */
  constructor(when: string) {
    this.#when = when;
  }

  /** @returns Whether to keep it: progress need not be kept. @throws {FarmError} `FARM_BAD_MESSAGE` */
  spend(report: NodeReport): boolean {
    if (report.type === "frame-progress") return false;
    this.#reports += 1;
    this.#characters += JSON.stringify(report).length;
    if (this.#reports <= mostReports && this.#characters <= mostCharacters) return true;
    throw new FarmError(
      "FARM_BAD_MESSAGE",
      `Cannot use the node: it reported more than it can have done ${this.#when}`,
      "Run the same release of renderfarm on both machines",
    );
  }
}

/** Keeps a node's reports while it loads, until it has joined. */
export class ReportBuffer {
  readonly #reports: NodeReport[] = [];
  readonly #budget = new ReportBudget("before it had opened the blendfile");

  /** @throws {FarmError} `FARM_BAD_MESSAGE` if it reports too much */
  add(report: NodeReport): void {
    if (this.#budget.spend(report)) this.#reports.push(report);
  }

  /** Removes and returns all of them, in order. */
  take(): NodeReport[] {
    return this.#reports.splice(0);
  }
}
