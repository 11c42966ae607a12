import { FarmError } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import type { FailureLimit } from "./failure-limit.ts";
import type { PairingLink } from "./link.ts";
import { notOurs, pairingVersion, readMessage, StoppedError, type StopReason } from "./messages.ts";
import { fromHex, isEqual, PairingSecret, requireCommitted, toHex } from "./secrets.ts";
import { pairingTiming } from "./timing.ts";

/** The farm, as the inviting machine knows it. */
export interface InvitingFarm {
  readonly key: FarmKey;
  /** The name of this machine. */
  readonly name: string;
}

/**
 * Asks a person for the code that the joining machine shows.
 *
 * @param signal Aborting withdraws the question
 * @returns What was typed; `undefined` to invite it another time
 */
export type AskCode = (joinerName: string, signal: AbortSignal) => Promise<string | undefined>;

/**
 * The inviting side of the exchange (docs/protocol.md, "Joining a farm"): gives the farm key to the machine at the other end
 * of the link, if the code that it shows is typed here. There is one try.
 *
 * @param limit Counts failures. An exchange that a person ends is none
 * @param signal Aborting ends the exchange
 * @returns Whether the machine has the key now; false if the person gave no code
 * @throws {FarmError} `FARM_NOT_JOINED` if the code was wrong, the other side ended the exchange, or there is a pause after
 * failures; `FARM_BAD_MESSAGE`; `FARM_LINK_LOST`; the signal's reason
 */
export async function inviteOver(
  link: PairingLink,
  farm: InvitingFarm,
  limit: FailureLimit,
  askCode: AskCode,
  signal: AbortSignal,
): Promise<boolean> {
  if (limit.pausedMs > 0) throw paused(limit.pausedMs);
  /** Whether the other side could know the code by now, and the person has not decided yet. */
  let isAtRisk = false;
  try {
    const secret = new PairingSecret();
    await link.send({ type: "invite", pairing: pairingVersion, keyId: farm.key.id, name: farm.name });
    const commit = readMessage(await link.receive(pairingTiming.answerMs, signal), "commit");
    isAtRisk = true;
    await link.send({ type: "value", ...toHex(secret.opening) });
    const joiner = fromHex(readMessage(await link.receive(pairingTiming.answerMs, signal), "open"));
    const commitment = Buffer.from(commit.commitment, "hex");
    requireCommitted(joiner, commitment);
    const agreement = secret.agree(joiner.public, {
      ...{ keyId: farm.key.id, inviterName: farm.name, joinerId: commit.id, joinerName: commit.name },
      ...{ commitment, inviter: secret.opening, joiner },
    });
    const typing = AbortSignal.any([signal, link.over, AbortSignal.timeout(pairingTiming.typingMs)]);
    const typed = await askCode(commit.name, typing);
    signal.throwIfAborted();
    if (typed !== undefined && !agreement.isCode(typed)) throw wrongCode();
    if (typed === undefined && typing.aborted) throw notTyped();
    isAtRisk = false;
    if (typed === undefined) {
      await endWith(link, "cancelled");
      return false;
    }
    await link.send({ type: "key", ...agreement.seal(farm.key.bytes) });
    const { proof } = readMessage(await link.receive(pairingTiming.answerMs, signal), "joined");
    if (!isEqual(Buffer.from(proof, "hex"), agreement.proofOf(farm.key.bytes)))
      throw notOurs("its last answer is wrong");
    limit.succeed();
    return true;
  } catch (error) {
    if (isAtRisk) limit.fail();
    await endWith(link, reasonOf(error));
    throw error;
  }
}

/** Tells the other side why the exchange ends, if it still listens. */
export async function endWith(link: PairingLink, reason: StopReason): Promise<void> {
  await link.send({ type: "stop", reason }).catch(() => {}); // then it finds out by itself
}

/** What to tell the other side about an error. */
export function reasonOf(error: unknown): StopReason {
  if (error instanceof StoppedError) return error.reason;
  if (error instanceof WrongCodeError) return "wrong-code";
  return error instanceof FarmError && error.code === "FARM_BAD_MESSAGE" ? "bad-message" : "cancelled";
}

/** Somebody has typed another code than the one of the exchange. */
class WrongCodeError extends FarmError {}

function wrongCode(): WrongCodeError {
  return new WrongCodeError(
    "FARM_NOT_JOINED",
    "Cannot let the machine into the farm: that is not the code which it shows",
    "Try again, with the new code; if the code was typed correctly, somebody may be between the two machines",
  );
}

function paused(waitMs: number): FarmError {
  return new FarmError(
    "FARM_NOT_JOINED",
    "Cannot invite a machine now: joining has failed three times, which may be an attack",
    `Try again in ${Math.ceil(waitMs / 1000)} s, and type exactly the code that the other machine shows`,
  );
}

function notTyped(): FarmError {
  return new FarmError(
    "FARM_NOT_JOINED",
    "Cannot let the machine into the farm: no code was typed in time, or it has stopped asking",
    "Try again, with the new code",
  );
}
