import { z } from "zod";
import { FarmError, messageOf } from "../core/errors.ts";
import { printable } from "../core/text.ts";

/** The version of the exchange; docs/protocol.md, "Joining a farm". */
export const pairingVersion = 1;

/** The largest message, in bytes. */
export const largestMessageBytes = 4 * 1024;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const name = z.string().max(64);
const opening = { public: hex(512), nonce: hex(64) };

const messages = {
  invite: z.object({ type: z.literal("invite"), pairing: z.number().int(), keyId: hex(8), name }),
  commit: z.object({ type: z.literal("commit"), pairing: z.number().int(), id: hex(32), name, commitment: hex(64) }),
  value: z.object({ type: z.literal("value"), ...opening }),
  open: z.object({ type: z.literal("open"), ...opening }),
  key: z.object({
    type: z.literal("key"),
    iv: hex(24),
    sealed: z.string().regex(/^(?:[0-9a-f]{2}){16,512}$/),
    tag: hex(32),
  }),
  joined: z.object({ type: z.literal("joined"), proof: hex(64) }),
};

const stopReasons = ["wrong-code", "other-farm", "busy", "paused", "cancelled", "bad-message", "not-saved"] as const;
/** Why one side ends an exchange. */
export type StopReason = (typeof stopReasons)[number];
const stop = z.object({ type: z.literal("stop"), reason: z.enum(stopReasons) });

type Messages = { [Type in keyof typeof messages]: z.infer<(typeof messages)[Type]> };
export type PairingMessage = Messages[keyof Messages] | z.infer<typeof stop>;

/** The other side has ended the exchange, and said why. */
export class StoppedError extends FarmError {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super("FARM_NOT_JOINED", `Cannot join the machine to the farm: ${stopTexts[reason]}`, stopHints[reason]);
    this.reason = reason;
  }
}

const stopTexts: Record<StopReason, string> = {
  "wrong-code": "another code was typed there",
  "other-farm": "it waits for another farm",
  busy: "it is being invited by another machine",
  paused: "joining has failed three times, so it pauses for a minute",
  cancelled: "the other machine has stopped",
  "bad-message": "the two machines do not understand each other",
  "not-saved": "it could not save the key",
};

const stopHints: Record<StopReason, string> = {
  "wrong-code": "Try again, with the new code",
  "other-farm": "Invite it from a machine of that farm",
  busy: "Try again when that is over",
  paused: "Try again in a minute",
  cancelled: "Try again",
  "bad-message": "Run the same release of renderfarm on both machines",
  "not-saved": "Read what it printed there",
};

/**
 * Reads the message that must come next.
 *
 * @throws {StoppedError} if the other side has ended the exchange; {FarmError} `FARM_BAD_MESSAGE` for anything else
 */
export function readMessage<Type extends keyof Messages>(text: string, type: Type): Messages[Type] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw notOurs(messageOf(error));
  }
  const stopped = stop.safeParse(given);
  if (stopped.success) throw new StoppedError(stopped.data.reason);
  const read = messages[type].safeParse(given);
  if (!read.success) throw notOurs(`no valid "${type}" came`);
  const message = read.data as Messages[Type];
  if ("pairing" in message && message.pairing !== pairingVersion) {
    throw notOurs(`it speaks version ${message.pairing} of this exchange, and this program version ${pairingVersion}`);
  }
  return message;
}

/** The error for a message that breaks the rules. */
export function notOurs(why: string): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot trust the other machine: ${printable(why)}`,
    "Run the same release of renderfarm on both machines",
  );
}
