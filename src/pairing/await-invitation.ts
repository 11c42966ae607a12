import { type Clock, systemClock } from "../core/clock.ts";
import { FarmError, messageOf } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { FailureLimit } from "./failure-limit.ts";
import { endWith } from "./inviting.ts";
import { type JoiningHandlers, type JoiningMachine, joinOver } from "./joining.ts";
import type { PairingLink } from "./link.ts";
import { pairingTiming } from "./timing.ts";

export interface InvitationHandlers extends JoiningHandlers {
  /**
   * Called when an exchange has ended without success: its code is no longer valid.
   *
   * @param pausedMs How long no other one is accepted, because three have failed; 0 if there is no pause
   */
  readonly onFailed: (reason: string, pausedMs: number) => void;
}

/**
 * Waits until somebody invites this machine, and takes the key. There is one exchange at a time: other inviting machines
 * are told that it is busy.
 *
 * @param links The links as inviting machines open them
 * @throws {FarmError} `FARM_NOT_JOINED` if nobody has invited it in five minutes; whatever `keep` throws; the signal's reason
 */
export async function awaitInvitation(
  links: AsyncIterable<PairingLink>,
  machine: JoiningMachine,
  handlers: InvitationHandlers,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<FarmKey> {
  const limit = new FailureLimit(clock.monotonicMs);
  const done = new AbortController();
  const within = AbortSignal.any([signal, done.signal]);
  let isBusy = false;
  const accept = async (link: PairingLink): Promise<FarmKey | undefined> => {
    await using _link = link;
    if (isBusy || limit.pausedMs > 0) {
      await endWith(link, isBusy ? "busy" : "paused");
      return undefined;
    }
    isBusy = true;
    let keepError: unknown;
    const keep = async (key: FarmKey) => {
      await handlers.keep(key).catch((error: unknown) => {
        keepError = error;
        throw error;
      });
    };
    try {
      return await joinOver(link, machine, limit, { ...handlers, keep }, within);
    } catch (error) {
      if (keepError !== undefined) throw keepError;
      if (!within.aborted) handlers.onFailed(messageOf(error), limit.pausedMs);
      return undefined;
    } finally {
      isBusy = false;
    }
  };
  const joined = new Promise<FarmKey>((resolve, reject) => {
    const serve = async () => {
      for await (const link of links) accept(link).then((key) => key && resolve(key), reject);
    };
    serve().catch(reject);
  });
  const timeUp = clock.sleep(pairingTiming.joiningMs, within).then(() => {
    throw notInvited();
  });
  try {
    return await Promise.race([joined, timeUp]);
  } finally {
    done.abort();
  }
}

function notInvited(): FarmError {
  return new FarmError(
    "FARM_NOT_JOINED",
    "Cannot join the farm: nobody has typed this machine's code there in five minutes",
    "Start again when somebody is at a machine of the farm",
  );
}
