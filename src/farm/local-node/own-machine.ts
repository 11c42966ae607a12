import { hostname, networkInterfaces } from "node:os";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { isOnBattery } from "../../system/battery.ts";
import type { CompanionHost, NodeCompanion } from "../nodes/node-source.ts";
import { findBlender } from "./find-blender.ts";
import { type LocalNodeOptions, LocalNodeSource } from "./local-node-source.ts";

const lookAtBatteryEveryMs = 60_000;
const onBattery = "it runs on battery";

export interface OwnMachineOptions extends LocalNodeOptions {
  /** Whether this machine runs on battery; the system says so unless a test does. */
  readonly isOnBattery?: (signal: AbortSignal) => Promise<boolean>;
  readonly lookAtBatteryEveryMs?: number;
}

/**
 * This machine as one node among others: at low priority, so that somebody can work at it, and not on battery. It takes
 * part if it has a Blender that the job may use, and no node of its own on the network.
 */
export class OwnMachine implements NodeCompanion {
  readonly #options: OwnMachineOptions;
  readonly #stop = new AbortController();
  readonly #source: LocalNodeSource;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: OwnMachineOptions) {
    this.#options = options;
    this.#source = new LocalNodeSource({ ...options, isLowPriority: true });
  }

  async join(host: CompanionHost, signal: AbortSignal): Promise<void> {
    if (host.hosts.some(isThisMachine)) return; // a node on it takes part already
    const ending = AbortSignal.any([signal, this.#stop.signal]);
    try {
      const why = await this.#whyNot(host, ending);
      if (why !== undefined) host.tell({ type: "here:idle", reason: why });
      else await this.#begin(host, ending);
    } catch (error) {
      if (ending.aborted || !(error instanceof FarmError)) throw error;
      // A machine without a Blender is no node. A Blender that was asked for and does not start is worth a word.
      if (error.code === "FARM_NO_BLENDER" && this.#options.blender === undefined) return;
      host.tell({ type: "here:idle", reason: error.message });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("The job has ended"));
    await this.#watching.catch(() => {}); // it only waits and asks
    await this.#source.close();
  }

  async #whyNot(host: CompanionHost, signal: AbortSignal): Promise<string | undefined> {
    const { version } = await findBlender(this.#options.blender, signal);
    return host.exclusionOf(version) ?? ((await this.#isOnBattery(signal)) ? onBattery : undefined);
  }

  async #begin(host: CompanionHost, signal: AbortSignal): Promise<void> {
    await this.#source.look(host, signal);
    this.#watching = this.#leaveOnBattery(host, signal);
    this.#watching.catch(() => {}); // awaited by `close`
  }

  async #leaveOnBattery(host: CompanionHost, signal: AbortSignal): Promise<void> {
    const { lookAtBatteryEveryMs: everyMs = lookAtBatteryEveryMs } = this.#options;
    do await systemClock.sleep(everyMs, signal);
    while (!(await this.#isOnBattery(signal)));
    const hint = "Plug it in and run the job again, or use --local";
    const { id } = this.#source;
    if (id !== undefined)
      host.exclude(id, new FarmError("FARM_NODE_EXCLUDED", `This machine left: ${onBattery}`, hint));
  }

  #isOnBattery(signal: AbortSignal): Promise<boolean> {
    return (this.#options.isOnBattery ?? ((given: AbortSignal) => isOnBattery({ signal: given })))(signal);
  }
}

function isThisMachine(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const name = hostname().toLowerCase();
  const asked = host.toLowerCase().replace(/%.*$/, "");
  return ["localhost", name, `${name}.local`].includes(asked) || own.some(({ address }) => address === asked);
}
