import { randomBytes } from "node:crypto";
import type { Starter } from "../core/node.ts";
import { endsWithin } from "../core/time-limit.ts";
import { type Bonjour, openBonjour } from "./bonjour.ts";
import { localIpv4Addresses } from "./interfaces.ts";
import { starterService, starterTxt } from "./starter-notice.ts";

/** The port of an announcement that nobody may connect to. mDNS has no way to say that there is none. */
const noPort = 9;
/** A dead network must not delay the end of the program. */
const goodbyeTimeoutMs = 800;

/** Announces this machine, which has no farm key yet, on all its networks until it is disposed of. */
export class StarterAnnouncement implements AsyncDisposable {
  readonly #id: string;
  readonly #name: string;
  readonly #onWarning: (message: string) => void;
  #bonjours: Bonjour[] = [];

  /** @param onWarning Called with each reason why other machines may not see it */
  constructor(me: Pick<Starter, "id" | "name">, onWarning: (message: string) => void) {
    this.#id = me.id;
    this.#name = me.name;
    this.#onWarning = onWarning;
  }

  /** Replaces what is announced. @param port Where this machine waits to be invited, if it does */
  async announce(state: Pick<Starter, "state" | "keyId" | "at">, port: number = noPort): Promise<void> {
    await this.withdraw();
    // A new name each time: others keep what they know about a name, and may get the goodbye late.
    const instance = `${this.#id.slice(0, 8)}-${randomBytes(4).toString("hex")}`;
    const txt = starterTxt({ id: this.#id, name: this.#name, ...state });
    this.#bonjours = localIpv4Addresses().map((address) => {
      const bonjour = openBonjour(address, (error) => this.#onWarning(`Cannot use mDNS on ${address}: ${error}`));
      bonjour.publish({ name: instance, host: `${instance}.local`, type: starterService, port, txt, probe: false });
      return bonjour;
    });
  }

  /** Withdraws the announcement. Idempotent. */
  async withdraw(): Promise<void> {
    const bonjours = this.#bonjours.splice(0);
    await Promise.all(bonjours.map(sayGoodbye));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.withdraw();
  }
}

async function sayGoodbye(bonjour: Bonjour): Promise<void> {
  await endsWithin(new Promise<void>((resolve) => bonjour.unpublishAll(() => resolve())), goodbyeTimeoutMs);
  bonjour.destroy();
}
