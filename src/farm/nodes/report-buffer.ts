import { FarmError } from "../../core/errors.ts";
import type { NodeReport } from "../../session/node-report.ts";

/** Far more than the slots and held results of one machine have to tell. */
const mostReports = 4_096;
/** As JSON. An error may come with a long log. */
const mostCharacters = 16 * 1024 * 1024;

/** What a node may say while nobody hears it: all of it is kept. */
export class ReportBudget {
  readonly #when: string;
  #reports = 0;
  #characters = 0;

  /** @param when For the message: "before it had opened the blendfile" */
  constructor(when: string) {
    this.#when = when;
  }

  /** @returns Whether to keep it: progress is not kept, as the next one tells as much. @throws {FarmError} `FARM_BAD_MESSAGE` */
  spend(report: NodeReport): boolean {
    if (report.type === "frame-progress") return false;
    this.#reports += 1;
    this.#characters += JSON.stringify(report).length;
    if (this.#reports <= mostReports && this.#characters <= mostCharacters) return true;
    throw new FarmError(
      "FARM_BAD_MESSAGE",
      `Cannot listen to the node: it told of more than it can have done ${this.#when}`,
      "Run the same release of renderfarm on both machines",
    );
  }
}

/** What a node says while it loads, kept until it has joined. */
export class ReportBuffer {
  readonly #reports: NodeReport[] = [];
  readonly #budget = new ReportBudget("before it had opened the blendfile");

  /** @throws {FarmError} `FARM_BAD_MESSAGE` when it says too much */
  add(report: NodeReport): void {
    if (this.#budget.spend(report)) this.#reports.push(report);
  }

  /** All of them, in order; afterwards there is none. */
  take(): NodeReport[] {
    return this.#reports.splice(0);
  }
}
