import { FarmError, type Inviter, ownCommand, printable, type Starter } from "../../index.ts";
import { starterText } from "./pairing-texts.ts";

/** How the inviting user is asked. Aborting a signal withdraws the question, and the answer is `undefined`. */
export interface InviteScreen {
  say(line: string): void;
  /** @returns What was typed; `undefined` if nothing was */
  askCode(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Asks which machine to invite. @returns `undefined` for none of them */
  choose(message: string, machines: readonly Starter[], signal: AbortSignal): Promise<Starter | undefined>;
}

/** What is needed of an `Inviter`. */
type OpenInviter = Pick<Inviter, "asking" | "hasFailed" | "changed" | "invite">;

/**
 * Invites machines that ask to join, one after the other. A machine that asks alone is connected to at once, so that it shows
 * its code. After a failure, nothing is connected to before somebody has chosen it: each exchange gives an attacker in the
 * middle another chance.
 */
export class Invitations {
  readonly #inviter: OpenInviter;
  readonly #screen: InviteScreen;
  readonly #isAskedHere: (machine: Starter) => boolean;
  /** Machines that were connected to. */
  readonly #tried = new Set<string>();
  /** Machines that are in the farm by now, or that somebody did not want to invite. */
  readonly #done = new Set<string>();

  /** @param isAskedHere Whether a machine may be connected to before somebody has chosen it */
  constructor(inviter: OpenInviter, screen: InviteScreen, isAskedHere: (machine: Starter) => boolean) {
    this.#inviter = inviter;
    this.#screen = screen;
    this.#isAskedHere = isAskedHere;
  }

  /** The machines that ask to join and are not done. */
  get asking(): readonly Starter[] {
    return this.#inviter.asking.filter(({ id }) => !this.#done.has(id));
  }

  /**
   * Invites one of the machines that ask now.
   *
   * @returns Whether it is in the farm
   * @throws The signal's reason
   */
  async inviteOne(signal: AbortSignal): Promise<boolean> {
    const joiner = await this.#choose(this.asking, signal);
    if (joiner === undefined) return false;
    this.#tried.add(joiner.id);
    try {
      const askCode = (name: string, withdrawn: AbortSignal) => {
        const who = starterText({ ...joiner, name });
        return this.#screen.askCode(`${who} asks to join this farm. Its code (Enter alone: not now): `, withdrawn);
      };
      const isIn = await this.#inviter.invite(joiner, askCode, signal);
      this.#done.add(joiner.id);
      const later = `is not in the farm; '${ownCommand()} invite' asks about it again`;
      this.#screen.say(`${starterText(joiner)} ${isIn ? "is in the farm" : later}`);
      return isIn;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FarmError)) throw error;
      this.#screen.say(`${printable(error.message)}. ${printable(error.hint)}`);
      return false;
    }
  }

  /** @returns `undefined` if somebody wants none of them, or others ask by now */
  async #choose(machines: readonly Starter[], signal: AbortSignal): Promise<Starter | undefined> {
    const [only] = machines;
    if (only === undefined) return undefined;
    if (machines.length === 1 && !this.#inviter.hasFailed && !this.#tried.has(only.id) && this.#isAskedHere(only)) {
      return only;
    }
    const answered = new AbortController();
    const changed = new AbortController();
    void this.#othersAsk(machines, AbortSignal.any([signal, answered.signal])).then((is) => is && changed.abort());
    const message = machines.length === 1 ? "A machine asks to join this farm" : "Machines ask to join this farm";
    const chosen = await this.#screen.choose(message, machines, AbortSignal.any([signal, changed.signal]));
    answered.abort();
    if (chosen === undefined && !changed.signal.aborted && !signal.aborted) {
      for (const { id } of machines) this.#done.add(id);
      this.#screen.say(`'${ownCommand()} invite' asks about ${machines.length === 1 ? "it" : "them"} again`);
    }
    return chosen;
  }

  /** Waits until not exactly these machines ask any more. @returns False if the signal is aborted first */
  async #othersAsk(machines: readonly Starter[], signal: AbortSignal): Promise<boolean> {
    const idsOf = (starters: readonly Starter[]) => starters.map(({ id }) => id).join();
    while (!signal.aborted) {
      await this.#inviter.changed(signal).catch(() => {});
      if (!signal.aborted && idsOf(this.asking) !== idsOf(machines)) return true;
    }
    return false;
  }
}
