import { describe, expect, test } from "vitest";
import { Seal } from "../../src/session/seal.ts";
import { goldenHandshake } from "../support/golden.ts";

const { handshakes, refusedSealed } = goldenHandshake();
const golden = handshakes.find((handshake) => handshake.sealed !== undefined);
if (golden?.sealed === undefined) throw new Error("No golden handshake has sealed messages");
const { sealed } = golden;
const key = Buffer.from(golden.sessionKey, "hex");

describe.each(["to-node", "to-coordinator"] as const)("golden sealed messages %s", (direction) => {
  test("are what seal() makes, one after another", () => {
    const seal = new Seal(key, direction);
    for (const { json, text } of sealed[direction]) expect(seal.seal(json)).toBe(text);
  });

  test("are what open() opens, one after another", () => {
    const seal = new Seal(key, direction);
    for (const { json, text } of sealed[direction]) expect(seal.open(text)).toBe(json);
  });
});

describe("open() refuses", () => {
  test.each(refusedSealed)("$why", ({ direction, counter, text }) => {
    const seal = new Seal(key, direction);
    for (const { text: earlier } of sealed[direction].slice(0, counter)) seal.open(earlier);
    expect(() => seal.open(text)).toThrow(expect.objectContaining({ code: "FARM_BAD_MESSAGE" }));
  });

  test("two swapped messages", () => {
    const seal = new Seal(key, "to-node");
    const [, second] = sealed["to-node"];
    expect(() => seal.open(second?.text ?? "")).toThrow("number 1 arrived instead of 0");
  });

  test("a message sealed with another conversation's key", () => {
    const seal = new Seal(Buffer.alloc(32), "to-node");
    expect(() => seal.open(sealed["to-node"][0]?.text ?? "")).toThrow("its signature is wrong");
  });
});

test("a refused message does not use up its number: the right one can still be opened", () => {
  const seal = new Seal(key, "to-node");
  const text = sealed["to-node"][0]?.text ?? "";
  expect(() => seal.open(text.replace("heartbeat", "heartbeaT"))).toThrow("its signature is wrong");
  expect(seal.open(text)).toBe(sealed["to-node"][0]?.json);
});

test("open() accepts line breaks and text that looks like a seal inside a message", () => {
  const text = `{"message":"0 ${"a".repeat(64)} \u2028\\n"}`;
  expect(new Seal(key, "to-node").open(new Seal(key, "to-node").seal(text))).toBe(text);
});
