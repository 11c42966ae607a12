import { expect, test, vi } from "vitest";
import type { Sighting } from "../../src/core/node.ts";
import { readAdvertisement } from "../../src/discovery/advertisement.ts";
import { mergeSightings } from "../../src/discovery/seen-starts.ts";
import { bounds, parseFromNode, parseHandshakeFromNode } from "../../src/session/protocol.ts";
import { Seal } from "../../src/session/seal.ts";
import { IncomingTransfers } from "../../src/session/transfer/incoming.ts";
import { decodePiece, encodePiece } from "../../src/session/transfer/piece.ts";
import { damaged, nearly, randomBytesOf } from "../support/fuzz/fuzz-input.ts";
import { fuzz, orRefused, refusal } from "../support/fuzz/fuzz-run.ts";
import { fuzzRuns } from "../support/fuzz/fuzz-seed.ts";
import { goldenMessages } from "../support/golden.ts";
import type { Dice } from "../support/simulation/simulate-dice.mjs";

vi.setConfig({ testTimeout: 120_000 });
const golden = goldenMessages();
const ofNode = golden.filter(({ direction }) => direction === "to-coordinator" || direction === "both");
const ofHandshake = golden.filter(({ direction }) => direction === "handshake-to-coordinator");

const diskFull = new Error("The disk is full");

function example(dice: Dice, files = golden): unknown {
  const { valid, invalid } = dice.pick(files);
  return dice.pick(dice.chance(0.1) && invalid.length > 0 ? invalid : valid);
}

test("messages of a node: an invalid one is refused, a valid one stays valid", async () => {
  let accepted = 0;
  await fuzz("messages of a node", 40_000, (dice) => {
    const text = dice.chance(0.05)
      ? randomBytesOf(dice, dice.between(0, 200)).toString("latin1")
      : nearly(dice, example(dice, dice.chance(0.9) ? ofNode : golden));
    const message = orRefused(() => parseFromNode(JSON.parse(text)));
    if (message === undefined) return;
    accepted++;
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(parseFromNode(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });
  expect(accepted).toBeGreaterThan(fuzzRuns(4000));
});

test("the handshake of a node: the same, and it all stays small", async () => {
  await fuzz("the handshake of a node", 20_000, (dice) => {
    const message = orRefused(() => parseHandshakeFromNode(JSON.parse(nearly(dice, example(dice, ofHandshake)))));
    if (message) expect(JSON.stringify(message).length).toBeLessThan(6 * bounds.handshakeTextBytes);
  });
});

test("sealed messages: only the next one opens, and only unaltered", async () => {
  const key = Buffer.alloc(32, 7);
  await fuzz("sealed messages", 15_000, (dice) => {
    const [sealing, opening] = [new Seal(key, "to-coordinator"), new Seal(key, "to-coordinator")];
    const jsons = ["{}", JSON.stringify(example(dice)), '{"type":"heartbeat"}'];
    const sealed = jsons.map((json) => sealing.seal(json));
    for (const [index, genuine] of sealed.entries()) {
      const given = dice.pick([
        damaged(dice, Buffer.from(genuine)).toString("utf8"),
        dice.pick(sealed),
        nearly(dice, jsons[0]),
      ]);
      const opened = orRefused(() => opening.open(given));
      if (given === genuine) {
        expect(opened).toBe(jsons[index]);
        continue;
      }
      expect(opened).toBeUndefined();
      expect(opening.open(genuine)).toBe(jsons[index]); // refused messages were not counted
    }
  });
});

test("pieces: a transfer accepts its own pieces, in order, and never more than was announced", async () => {
  await fuzz("pieces", 25_000, async (dice) => {
    const transfers = new IncomingTransfers();
    const sizeBytes = dice.between(1, 300);
    const number = transfers.takeNumber();
    let taken = Buffer.alloc(0);
    transfers.begin(number, sizeBytes, async (data) => {
      if (dice.chance(0.02)) throw diskFull;
      taken = Buffer.concat([taken, data]);
    });
    const sent: Buffer[] = [];
    for (let count = dice.between(1, 4); count > 0; count--) {
      const isRight = dice.chance(0.7);
      const data = randomBytesOf(
        dice,
        isRight ? Math.max(1, dice.between(0, sizeBytes - taken.length)) : dice.between(0, 400),
      );
      const offset = isRight ? taken.length : dice.pick([0, 1, sizeBytes, 2 ** 32, Number.MAX_SAFE_INTEGER]);
      const message = encodePiece({
        transfer: dice.chance(0.9) ? number : dice.pick([1, 2, 0xffff_ffff]),
        offset,
        data,
      });
      const piece = decodePiece(dice.chance(0.2) ? damaged(dice, message) : message);
      if (!piece) continue;
      expect(piece.data.length).toBeGreaterThan(0);
      await transfers.take(piece).catch(refusal);
      sent.push(piece.data);
      expect(taken.length).toBeLessThanOrEqual(sizeBytes);
    }
    try {
      transfers.end(number);
      expect(taken.length).toBe(sizeBytes);
    } catch (error) {
      if (error !== diskFull) refusal(error);
    }
  });
});

test("advertisements: whatever answers on the network, only short printable text of it is kept", async () => {
  let known: Sighting | undefined;
  await fuzz("advertisements", 15_000, (dice) => {
    const honest = {
      v: "1",
      id: "ab".repeat(16),
      name: "n",
      blender: "3.4.1",
      slots: "2",
      state: "idle",
      key: "0123abcd",
    };
    const txt = orRefused(() => JSON.parse(nearly(dice, honest)));
    const address = () =>
      dice.pick(["10.0.0.1", "fe80::1", "::", "", `10.0.${dice.between(0, 255)}.${dice.between(0, 255)}`]);
    const seen = readAdvertisement({
      port: dice.pick([7447, 7447, 0, -1, 65_536, 1.5, Number.NaN]),
      sender: dice.chance(0.8) ? address() : undefined,
      addresses: Array.from({ length: dice.pick([0, 1, 2, 300]) }, address),
      txt: typeof txt === "object" && txt !== null ? txt : honest,
    });
    if (!seen) return;
    known = known ? mergeSightings(known, seen) : seen;
    expect(seen.name?.length).toBeLessThanOrEqual(64);
    expect(seen.name).toMatch(/^\P{Cc}*$/u);
    expect(known.addresses.length).toBeLessThanOrEqual(64);
  });
});
