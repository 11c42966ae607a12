import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { saveNewKey } from "../../config/keys.ts";
import { systemClock } from "../../core/clock.ts";
import { type FarmKey, makeFarmKey } from "../../core/farm-key.ts";
import type { Starter } from "../../core/node.ts";
import { StarterAnnouncement } from "../../discovery/starter-announcement.ts";
import { StarterWatch } from "../../discovery/starter-watch.ts";
import { awaitInvitation, type InvitationHandlers } from "../../pairing/await-invitation.ts";
import { decideFounding } from "../../pairing/founding.ts";
import { PairingServer } from "../../pairing/websocket.ts";
import { discoverNodes } from "../nodes/listing/discover-nodes.ts";
import { type FarmOnNetwork, farmsOf } from "./farms.ts";

const lookEveryMs = 100;
/** How long to wait, in all, for other machines that should found the farm. */
const foundedWithinMs = 15_000;
/** How long a new founder listens for another one before it keeps its key. */
const rivalsWithinMs = 1_000;

export interface FarmSearchOptions {
  /** The name of this machine (default: its host name). */
  readonly name?: string | undefined;
  readonly configFolder: string;
  /** Called with each reason why other machines may not be seen. */
  readonly onWarning: (message: string) => void;
}

/**
 * The start of a machine that has no farm key: it looks for farms, and joins one or founds one. Until it is disposed of, it
 * announces to other machines what it does.
 */
export class FarmSearch implements AsyncDisposable {
  readonly name: string;
  readonly #id = randomBytes(16).toString("hex");
  readonly #options: FarmSearchOptions;
  readonly #announcement: StarterAnnouncement;
  readonly #watch: StarterWatch;
  #waitingSinceMs: number | undefined;

  constructor(options: FarmSearchOptions) {
    this.#options = options;
    this.name = (options.name ?? hostname().split(".")[0] ?? "").slice(0, 64);
    const { onWarning } = options;
    this.#announcement = new StarterAnnouncement({ id: this.#id, name: this.name }, onWarning);
    this.#watch = new StarterWatch({ onChange: () => {}, onWarning: () => {} }); // the search for nodes warns already
  }

  /**
   * Looks for farms, for 3 to 5 seconds. If there is none, but other machines that look for one too, waits until the one
   * with the smallest id has founded one.
   *
   * @param onWait Called once for each machine that it waits for
   * @returns No farm if this machine is to found one
   */
  async look(onWait: (name: string) => void, signal: AbortSignal): Promise<FarmOnNetwork[]> {
    await this.#announcement.announce({ state: "looking" });
    const nodes = await discoverNodes({ signal, onWarning: this.#options.onWarning });
    const waitedFor = new Set<string>();
    for (;;) {
      const others = this.#others();
      const farms = farmsOf(nodes, others);
      const next = decideFounding(this.#id, false, others);
      if (farms.length > 0) {
        await this.#announcement.withdraw(); // nobody needs to wait for the answer to a question
        return farms;
      }
      if (next.type === "found") return [];
      if (next.type === "wait" && !waitedFor.has(next.other.id)) {
        waitedFor.add(next.other.id);
        this.#waitingSinceMs ??= systemClock.monotonicMs();
        onWait(next.other.name);
      }
      await systemClock.sleep(lookEveryMs, signal);
    }
  }

  /**
   * Founds a farm: makes a key and keeps it, unless another machine founds one at the same time.
   *
   * @param isAlone Whether this machine founds its farm whatever others do
   * @returns The new key; `undefined` if another machine was first: then look again
   * @throws {FarmError} `FARM_KEY_UNUSABLE` if the key cannot be saved
   */
  async found(isAlone: boolean, signal: AbortSignal): Promise<FarmKey | undefined> {
    if (!isAlone) {
      await this.#announcement.announce({ state: "founding" });
      await systemClock.sleep(rivalsWithinMs, signal);
      if (decideFounding(this.#id, true, this.#others()).type !== "found") return undefined;
    }
    const key = makeFarmKey();
    await saveNewKey(key, this.#options.configFolder);
    await this.#announcement.announce({ state: "founder", keyId: key.id });
    return key;
  }

  /**
   * Joins a farm: announces that this machine asks to join, at the first machine of the farm, and waits until somebody
   * invites it, there or at another one.
   *
   * @throws {FarmError} `FARM_NOT_JOINED` after five minutes; `FARM_KEY_UNUSABLE` if the key cannot be saved
   */
  async join(farm: FarmOnNetwork, handlers: InvitationHandlers, signal: AbortSignal): Promise<FarmKey> {
    await using server = await PairingServer.open();
    const at = farm.machines[0]?.host;
    await this.#announcement.announce({ state: "joining", keyId: farm.keyId, ...(at && { at }) }, server.port);
    try {
      const machine = { id: this.#id, name: this.name, keyId: farm.keyId };
      return await awaitInvitation(server.links, machine, handlers, signal);
    } finally {
      await this.#announcement.withdraw();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.#announcement.withdraw();
  }

  /** The other machines. Those that have founded nothing in time hold nobody up any more. */
  #others(): readonly Starter[] {
    const now = systemClock.monotonicMs();
    const isLate = now - (this.#waitingSinceMs ?? now) > foundedWithinMs;
    return this.#watch.starters.filter(({ id, state }) => id !== this.#id && (state === "founder" || !isLate));
  }
}
