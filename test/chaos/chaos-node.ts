import { once } from "node:events";
import { slotsOf } from "../support/lab/fault-lab.ts";
import type { FarmLab } from "../support/lab/lab.ts";
import type { LabNode } from "../support/lab/lab-node.ts";
import { within } from "../support/lab/lab-program.ts";
import type { Report } from "./report.ts";

const endsWithinMs = 30_000;

export type ChaosNode = ReturnType<typeof makeChaosNode>;

/** One machine's node, which may be killed and started again. It is complained of when its end was not our doing. */
export function makeChaosNode(name: string, lab: FarmLab, report: Report, signal: AbortSignal) {
  let running: { readonly node: LabNode; readonly ended: Promise<unknown[]> } | undefined;
  let printed = "";
  const options = {
    under: "python3",
    more: ["--allow-scripts"],
    hear: (piece: string) => {
      printed += piece;
    },
  } as const;
  const tail = () => printed.trimEnd().split("\n").slice(-15).join("\n");
  const complain = (what: unknown) => report.complain(`node ${name}: ${what}\n${tail()}`);

  /** Its end from now on is our doing. */
  const release = () => {
    const released = running;
    running = undefined;
    return released;
  };

  return {
    name,
    /** Whether a fault is at work on it: then no other one begins there. */
    isBusy: false,
    /** Whether a fault keeps coordinators from using it. */
    isAway: false,
    tail,
    get isAlive() {
      return running !== undefined;
    },
    get pid() {
      return running?.node.child.pid;
    },
    /** All that it and its predecessors printed. */
    get printed() {
      return printed;
    },
    /** The Blenders in which it renders. */
    slots: async () => (running === undefined ? [] : await slotsOf(lab, running.node)),

    /** Starts it and waits until it serves; not once the run is ended. */
    async start(): Promise<void> {
      if (signal.aborted) return;
      try {
        const node = await lab.startNode(name, options);
        const ended = once(node.child, "exit");
        running = { node, ended };
        void ended.then(([code, killedBy]) => {
          if (running?.node !== node) return;
          running = undefined;
          complain(`it ended by itself with ${killedBy ?? code}`);
        });
      } catch (error) {
        complain(error);
      }
    },

    /** Its slots live on for as long as they need to notice. */
    async kill(): Promise<void> {
      const released = release();
      released?.node.child.kill("SIGKILL");
      await released?.ended;
    },

    /** Ends it as its owner does. */
    async stop(): Promise<void> {
      const released = release();
      if (released === undefined) return;
      const { node, ended } = released;
      node.child.stdin?.end();
      try {
        const [code, killedBy] = await within(ended, endsWithinMs, () => "its end");
        if (code !== 0) complain(`told to end, it ended with ${killedBy ?? code}`);
      } catch (error) {
        complain(error);
        node.child.kill("SIGKILL");
      }
    },
  };
}
