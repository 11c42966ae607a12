import { once } from "node:events";
import { slotsOf } from "../support/lab/fault-lab.ts";
import type { FarmLab } from "../support/lab/lab.ts";
import type { LabNode } from "../support/lab/lab-node.ts";
import { within } from "../support/lab/lab-program.ts";
import type { Report } from "./report.ts";

const endsWithinMs = 30_000;

/** One machine's node, which may be killed and started again. */
export class ChaosNode {
  /** Whether a fault affects it: then no other fault begins there. */
  isBusy = false;
  /** Whether a fault keeps coordinators from using it. */
  isAway = false;
  /** Everything that it and its predecessors printed. */
  printed = "";
  readonly name: string;
  readonly #lab: FarmLab;
  readonly #report: Report;
  readonly #signal: AbortSignal;
  #running: LabNode | undefined;

  /** @param signal Once aborted, the node is not started any more */
  constructor(name: string, lab: FarmLab, report: Report, signal: AbortSignal) {
    this.name = name;
    this.#lab = lab;
    this.#report = report;
    this.#signal = signal;
  }

  get isAlive(): boolean {
    return this.#running !== undefined;
  }

  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Starts it and waits until it serves. Complains if it does not, or ends on its own. */
  async start(): Promise<void> {
    if (this.#signal.aborted) return;
    const hear = (piece: string) => {
      this.printed += piece;
    };
    try {
      const node = await this.#lab.startNode(this.name, { under: "python3", more: ["--allow-scripts"], hear });
      if (node.child.exitCode !== null || node.child.signalCode !== null) throw new Error("it ended at once");
      this.#running = node;
      node.child.once("exit", (code, signal) => {
        if (this.#running !== node) return;
        this.#running = undefined;
        this.#report.complain(`node ${this.name} ended by itself with ${signal ?? code}:\n${this.tail()}`);
      });
    } catch (error) {
      this.#report.complain(`node ${this.name} does not start: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Kills it. Its slots live until they notice. */
  async kill(): Promise<void> {
    const node = this.#release();
    if (node === undefined) return;
    const ended = once(node.child, "exit");
    node.child.kill("SIGKILL");
    await ended;
  }

  /** Ends it as its owner does. Complains if it does not end well. */
  async stop(): Promise<void> {
    const node = this.#release();
    if (node === undefined) return;
    const ended = once(node.child, "exit");
    node.child.stdin?.end();
    try {
      const [code, signal] = await within(ended, endsWithinMs, () => "its end");
      if (code !== 0) throw new Error(`it ended with ${signal ?? code}`);
    } catch (error) {
      this.#report.complain(`node ${this.name} was told to end: ${error}\n${this.tail()}`);
      node.child.kill("SIGKILL");
    }
  }

  /** The Blenders in which it renders. */
  async slots(): Promise<number[]> {
    return this.#running === undefined ? [] : await slotsOf(this.#lab, this.#running);
  }

  /** What it printed last. */
  tail(): string {
    return this.printed.trimEnd().split("\n").slice(-15).join("\n");
  }

  /** Python errors that it printed. No fault may cause one. */
  get tracebacks(): string[] {
    const parts = this.printed.split(/^(?=Traceback |.*never retrieved)/m).slice(1);
    return parts.map((text) => text.slice(0, 2_000));
  }

  /** From now on we end it, so its end is no complaint. */
  #release(): LabNode | undefined {
    const node = this.#running;
    this.#running = undefined;
    return node;
  }
}
