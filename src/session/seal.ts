import { createHmac } from "node:crypto";
import { FarmError } from "../core/errors.ts";
import { lengthPrefixed } from "./bytes.ts";
import { isSameProof } from "./handshake.ts";

export type Direction = "to-node" | "to-coordinator";

/**
 * Seals the messages of one direction, or opens them. They are counted from 0, so that none can be altered, repeated,
 * dropped or reordered. docs/protocol.md, "Sealed messages", defines the form.
 */
export class Seal {
  readonly #sessionKey: Buffer;
  readonly #direction: Buffer;
  #counter = 0n;

  constructor(sessionKey: Buffer, direction: Direction) {
    this.#sessionKey = sessionKey;
    this.#direction = lengthPrefixed(Buffer.from(direction, "ascii"));
  }

  seal(json: string): string {
    const digest = this.#digest(json).toString("hex");
    const sealed = `${this.#counter} ${digest} ${json}`;
    this.#counter += 1n;
    return sealed;
  }

  /**
   * @returns The JSON text inside
   * @throws {FarmError} `FARM_BAD_MESSAGE` if it is not the next message of this direction, unaltered
   */
  open(sealed: string): string {
    const match = /^(\d{1,20}) ([0-9a-f]{64}) /.exec(sealed);
    if (match?.[1] === undefined || match[2] === undefined) throw brokenSeal("it is not signed");
    if (match[1] !== String(this.#counter)) throw brokenSeal(`number ${match[1]} arrived instead of ${this.#counter}`);
    const json = sealed.slice(match[0].length);
    if (!isSameProof(this.#digest(json), Buffer.from(match[2], "hex"))) throw brokenSeal("its signature is wrong");
    this.#counter += 1n;
    return json;
  }

  #digest(json: string): Buffer {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(this.#counter);
    return createHmac("sha256", this.#sessionKey).update(this.#direction).update(counter).update(json, "utf8").digest();
  }
}

function brokenSeal(why: string): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot trust what arrived from the node: ${why}`,
    "Something between this machine and the node changes what they send; check the network, then run the same command again",
  );
}
