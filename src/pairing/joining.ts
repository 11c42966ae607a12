import { type FarmKey, farmKeyOf } from "../core/farm-key.ts";
import type { FailureLimit } from "./failure-limit.ts";
import { endWith, reasonOf } from "./inviting.ts";
import type { PairingLink } from "./link.ts";
import { notOurs, pairingVersion, readMessage, StoppedError } from "./messages.ts";
import { commitmentOf, fromHex, PairingSecret, toHex } from "./secrets.ts";
import { pairingTiming } from "./timing.ts";

/** A key has at least this many bytes, wherever it comes from. */
const shortestKeyBytes = 16;

/** The machine that wants to join, and the farm that it wants to join. */
export interface JoiningMachine {
  /** 32 hexadecimal digits, random for each start. */
  readonly id: string;
  readonly name: string;
  /** The id of the farm's key. */
  readonly keyId: string;
}

export interface JoiningHandlers {
  /**
   * Shows the code, which somebody must type at the inviting machine.
   *
   * @param inviter The machine that invites, as it calls itself, and the address it has connected from
   */
  readonly onCode: (code: string, inviter: { readonly name: string; readonly address: string }) => void;
  /** Saves the key. The other side is told that this machine has joined when it resolves. */
  readonly keep: (key: FarmKey) => Promise<void>;
}

/**
 * The joining side of the exchange (docs/protocol.md, "Joining a farm"): shows a code, and gets the farm key once somebody
 * has typed that code at the inviting machine.
 *
 * @param limit Counts failures
 * @throws {FarmError} `FARM_NOT_JOINED` if the other side ended the exchange; `FARM_BAD_MESSAGE`; `FARM_LINK_LOST`; whatever
 * `keep` throws; the signal's reason
 */
export async function joinOver(
  link: PairingLink,
  machine: JoiningMachine,
  limit: FailureLimit,
  handlers: JoiningHandlers,
  signal: AbortSignal,
): Promise<FarmKey> {
  /** Whether the other side can know the code. */
  let isAtRisk = false;
  let isSaving = false;
  try {
    const invite = readMessage(await link.receive(pairingTiming.answerMs, signal), "invite");
    if (invite.keyId !== machine.keyId) throw new StoppedError("other-farm");
    const secret = new PairingSecret();
    const commitment = commitmentOf(secret.opening);
    const { id, name } = machine;
    await link.send({ type: "commit", pairing: pairingVersion, id, name, commitment: commitment.toString("hex") });
    const inviter = fromHex(readMessage(await link.receive(pairingTiming.answerMs, signal), "value"));
    const agreement = secret.agree(inviter.public, {
      ...{ keyId: invite.keyId, inviterName: invite.name, joinerId: id, joinerName: name },
      ...{ commitment, inviter, joiner: secret.opening },
    });
    isAtRisk = true;
    await link.send({ type: "open", ...toHex(secret.opening) });
    handlers.onCode(agreement.code, { name: invite.name, address: link.peer });
    const sent = readMessage(await link.receive(pairingTiming.typingMs + pairingTiming.answerMs, signal), "key");
    const key = farmKeyOf(agreement.unseal(sent));
    if (key.id !== machine.keyId || key.bytes.length < shortestKeyBytes) throw notOurs("it sent another key");
    isAtRisk = false;
    isSaving = true;
    await handlers.keep(key);
    isSaving = false;
    await link.send({ type: "joined", proof: agreement.proofOf(key.bytes).toString("hex") });
    return key;
  } catch (error) {
    if (isAtRisk) limit.fail();
    await endWith(link, isSaving ? "not-saved" : reasonOf(error));
    throw error;
  }
}
