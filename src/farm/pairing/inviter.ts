import { hostname } from "node:os";
import { systemClock } from "../../core/clock.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { NodeAddress, Starter } from "../../core/node.ts";
import { orAborted } from "../../core/time-limit.ts";
import { localIpv4Addresses } from "../../discovery/interfaces.ts";
import { StarterWatch } from "../../discovery/starter-watch.ts";
import { FailureLimit } from "../../pairing/failure-limit.ts";
import { type AskCode, inviteOver } from "../../pairing/inviting.ts";
import type { PairingLink } from "../../pairing/link.ts";
import { dialJoiner } from "../../pairing/websocket.ts";

export interface InviterOptions {
  /** The keys of this machine: a machine is invited into the farm that it asks for. */
  readonly keys: readonly FarmKey[];
  /** The name of this machine (default: its host name). */
  readonly name?: string | undefined;
  /** Called with each reason why machines may not be seen. */
  readonly onWarning: (message: string) => void;
}

/** Sees machines that ask to join a farm of this machine, and invites them. */
export class Inviter implements Disposable {
  readonly #options: InviterOptions;
  readonly #watch: StarterWatch;
  readonly #limit = new FailureLimit(systemClock.monotonicMs);
  #wake: () => void = () => {};

  constructor(options: InviterOptions) {
    this.#options = options;
    this.#watch = new StarterWatch({ onChange: () => this.#wake(), onWarning: options.onWarning });
  }

  /** The machines that ask to join, in the order in which they were seen. Nothing that they say is proved. */
  get asking(): readonly Starter[] {
    return this.#watch.starters.filter(({ state, keyId }) => state === "joining" && this.#keyOf(keyId) !== undefined);
  }

  /** Whether an exchange has failed since the last one that succeeded: from then on a person decides whether another one starts. */
  get hasFailed(): boolean {
    return this.#limit.hasFailed;
  }

  /** Whether a machine asks to be invited by this one, rather than by another machine of the farm. */
  isAskedHere({ at }: Starter): boolean {
    return at !== undefined && localIpv4Addresses().includes(at);
  }

  /** Waits until `asking` may have changed. @throws The signal's reason */
  async changed(signal: AbortSignal): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await orAborted(changed, signal);
  }

  /**
   * Invites one of them.
   *
   * @returns Whether it has the key now; false if no code was given
   * @throws {FarmError} As `inviteOver`; `FARM_NODE_UNREACHABLE`
   */
  async invite(joiner: Starter, askCode: AskCode, signal: AbortSignal): Promise<boolean> {
    const key = this.#keyOf(joiner.keyId);
    if (key === undefined) throw new Error("This machine asks for a farm whose key is not here");
    await using link = await dialOne(joiner.addresses, signal);
    const name = this.#options.name ?? hostname().split(".")[0] ?? "";
    return await inviteOver(link, { key, name: name.slice(0, 64) }, this.#limit, askCode, signal);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #keyOf(keyId: string | undefined): FarmKey | undefined {
    return this.#options.keys.find(({ id }) => id === keyId);
  }
}

/** @throws {FarmError} `FARM_NODE_UNREACHABLE` for the last address */
async function dialOne(addresses: readonly NodeAddress[], signal: AbortSignal): Promise<PairingLink> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await dialJoiner(address, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}
