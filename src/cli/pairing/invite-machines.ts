import { FarmError, type Inviter, ownCommand, printable, type Starter } from "../../index.ts";
import { starterText } from "./pairing-texts.ts";

/** How the inviting user is asked. */
export interface InviteScreen {
  say(line: string): void;
  /** @returns What was typed; `undefined` if nothing was, or the question was withdrawn */
  askCode(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Asks which machine to invite. @returns `undefined` for none of them */
  choose(message: string, machines: readonly Starter[], signal: AbortSignal): Promise<Starter | undefined>;
}

/**
 * Invites machines that ask to join, one after the other. The first one is asked about at once, because its code can be
 * typed or not. After a failure, no exchange starts before somebody has chosen a machine: each one gives an attacker in the
 * middle another chance.
 */
export class Invitations {
  readonly #inviter: Inviter;
  readonly #screen: InviteScreen;
  /** Machines that somebody did not want to invite. */
  readonly #dismissed = new Set<string>();
  #hasFailed = false;

  constructor(inviter: Inviter, screen: InviteScreen) {
    this.#inviter = inviter;
    this.#screen = screen;
  }

  /** The machines that ask to join and were not dismissed. */
  get asking(): readonly Starter[] {
    return this.#inviter.asking.filter(({ id }) => !this.#dismissed.has(id));
  }

  /**
   * Invites one of the machines that ask now.
   *
   * @returns Whether it is in the farm
   * @throws The signal's reason
   */
  async inviteOne(signal: AbortSignal): Promise<boolean> {
    const machines = this.asking;
    const joiner = await this.#choose(machines, signal);
    if (joiner === undefined) {
      for (const { id } of machines) this.#dismissed.add(id);
      this.#screen.say(`'${ownCommand()} invite' asks about them again`);
      return false;
    }
    try {
      const askCode = (name: string, withdrawn: AbortSignal) => {
        const who = starterText({ ...joiner, name });
        return this.#screen.askCode(`${who} asks to join this farm. Its code (Enter alone: not now): `, withdrawn);
      };
      if (await this.#inviter.invite(joiner, askCode, signal)) {
        this.#screen.say(`${starterText(joiner)} is in the farm`);
        return true;
      }
      this.#dismissed.add(joiner.id);
      this.#screen.say(`${starterText(joiner)} is not in the farm; '${ownCommand()} invite' asks about it again`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FarmError)) throw error;
      this.#hasFailed = true;
      this.#screen.say(`${printable(error.message)}. ${printable(error.hint)}`);
    }
    return false;
  }

  async #choose(machines: readonly Starter[], signal: AbortSignal): Promise<Starter | undefined> {
    const [only] = machines;
    if (machines.length === 1 && !this.#hasFailed) return only;
    const message = machines.length === 1 ? "A machine asks to join this farm" : "Machines ask to join this farm";
    return await this.#screen.choose(message, machines, signal);
  }
}
