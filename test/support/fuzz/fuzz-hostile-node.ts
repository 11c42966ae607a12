import { makeFarmKey } from "../../../src/core/farm-key.ts";
import { type HandshakeTerms, proofOf, sessionKeyOf } from "../../../src/session/handshake.ts";
import { Seal } from "../../../src/session/seal.ts";
import { encodePiece } from "../../../src/session/transfer/piece.ts";
import { goldenMessages } from "../golden.ts";
import type { Message, PairedLink } from "../nodes/link-pair.ts";
import type { Dice } from "../simulation/simulate-dice.mjs";
import { damaged, nearly, randomBytesOf } from "./fuzz-input.ts";

export const hostileId = "ab".repeat(16);
export const sharedKey = makeFarmKey();

const ofNode = goldenMessages().filter(({ direction }) => direction === "to-coordinator" || direction === "both");
const honestInfo = {
  ...{ type: "node-info", node: hostileId, name: "n", platform: "linux", blender: "3.4.1", python: "3.11.2" },
  ...{ software: "0.1.0", slots: 1, cacheFreeBytes: 1e12, maxBlobBytes: 1e12 },
};

/** A hostile node, with or without the key: what it sends is almost the protocol. */
export class HostileNode {
  sent = 0;
  readonly #dice: Dice;
  readonly #link: PairedLink;
  readonly #messages: AsyncIterator<Message>;
  #seal: Seal | undefined;

  constructor(dice: Dice, link: PairedLink) {
    this.#dice = dice;
    this.#link = link;
    this.#messages = link.messages[Symbol.asyncIterator]();
  }

  /** Greets, now and then incorrectly. */
  async greet(): Promise<void> {
    const hello = JSON.parse(String((await this.#messages.next()).value)) as { nonce: string };
    const nodeNonce = randomBytesOf(this.#dice, 32);
    const terms: HandshakeTerms = {
      ...{ protocol: 1, node: hostileId, nodeNonce, tlsFingerprint: Buffer.alloc(0) },
      coordinatorNonce: Buffer.from(hello.nonce, "hex"),
    };
    const challenge = { type: "challenge", protocol: 1, node: hostileId, nonce: nodeNonce.toString("hex") };
    await this.#sayAlmost({ ...challenge, keyId: sharedKey.id });
    await Promise.race([this.#messages.next(), this.#link.over]);
    await this.#sayAlmost({ type: "welcome", proof: proofOf("node", sharedKey, terms).toString("hex") });
    this.#seal = new Seal(sessionKeyOf(sharedKey, terms), "to-coordinator");
    await this.#say(
      this.#seal.seal(this.#dice.chance(0.95) ? JSON.stringify(honestInfo) : nearly(this.#dice, honestInfo)),
    );
  }

  /** Sends one more message of any kind. */
  async speak(job: string): Promise<void> {
    const dice = this.#dice;
    const message = { ...(dice.pick(dice.pick(ofNode).valid) as object), ...(dice.chance(0.5) ? { job } : {}) };
    const transfer = dice.chance(0.98) ? dice.between(0, 1) : 2;
    const answer = "transfer" in message ? { ...message, transfer } : message;
    const text = dice.chance(0.9) ? JSON.stringify(answer) : nearly(dice, answer);
    const piece = {
      transfer,
      offset: dice.pick([0, 0, 1, 40, 2 ** 40]),
      data: randomBytesOf(dice, dice.between(1, 90)),
    };
    switch (dice.between(0, 150)) {
      case 0:
        return this.#say(text); // not sealed
      case 1:
        return this.#say(damaged(dice, Buffer.from(this.#sealed(text))).toString("utf8"));
      case 2:
        return this.#say(damaged(dice, encodePiece(piece)));
      case 3:
      case 4:
      case 5:
        return this.#say(encodePiece(piece));
      case 6:
        return this.#say(randomBytesOf(dice, dice.between(0, 300)));
      default:
        return this.#say(this.#sealed(text));
    }
  }

  #sealed(text: string): string {
    return this.#seal?.seal(text) ?? text;
  }

  async #sayAlmost(message: object): Promise<void> {
    await this.#say(this.#dice.chance(0.9) ? JSON.stringify(message) : nearly(this.#dice, message));
  }

  async #say(message: Message): Promise<void> {
    this.sent++;
    await this.#link.send(message).catch(() => {}); // the coordinator has hung up, as it should
  }
}
