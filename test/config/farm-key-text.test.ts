import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { formatFarmKey, parseFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey, openKey } from "../../src/core/farm-key.ts";
import { goldenHandshake } from "../support/golden.ts";

const { keys, invalidKeys, weakKeys } = goldenHandshake();

test.each(keys)("parseFarmKey() reads the golden key '$text'", ({ text, hex, keyId }) => {
  const key = parseFarmKey(text, "a test");
  expect(key.bytes.toString("hex")).toBe(hex);
  expect(key.id).toBe(keyId);
});

describe("parseFarmKey() refuses these, without repeating the text:", () => {
  test.each([
    ...invalidKeys,
    "ß".repeat(16), // in upper case these would become letters of the alphabet
    "ı".repeat(32),
    "ſ".repeat(32),
    "A".repeat(25),
    "A".repeat(27), // not a whole number of bytes: a symbol was lost
    "A".repeat(30),
    "A".repeat(33),
  ])("'%s'", (text) => {
    const parse = () => parseFarmKey(text, "RENDERFARM_KEY");
    expect(parse).toThrow(expect.objectContaining({ code: "FARM_KEY_UNUSABLE" }));
    expect(parse).toThrow("RENDERFARM_KEY");
    if (text !== "") expect(parse).not.toThrow(text);
  });
});

test("formatFarmKey() writes what parseFarmKey() reads, for keys of every length", () => {
  for (let count = 16; count <= 64; count += 1) {
    const bytes = randomBytes(count);
    expect(parseFarmKey(formatFarmKey({ bytes, id: "" }), "a test").bytes).toEqual(bytes);
  }
});

test("formatFarmKey() writes the 32 symbols of a new key in groups of four, without padding", () => {
  expect(formatFarmKey(makeFarmKey())).toMatch(/^([A-Z2-7]{4}-){7}[A-Z2-7]{4}$/);
});

test("makeFarmKey() makes 160 bits, different each time", () => {
  const made = Array.from({ length: 20 }, makeFarmKey);
  expect(made.every(({ bytes }) => bytes.length === 20)).toBe(true);
  expect(new Set(made.map(({ bytes }) => bytes.toString("hex"))).size).toBe(20);
});

test("a key keeps its leading zero bytes", () => {
  const key = parseFarmKey(`${"A".repeat(31)}B`, "a test");
  expect(key.bytes).toEqual(Buffer.concat([Buffer.alloc(19), Buffer.of(1)]));
});

test("a key of zeros is refused: for HMAC it equals the empty key, which everybody has", () => {
  expect(() => parseFarmKey("A".repeat(32), "a test")).toThrow("protects nothing");
});

test.each(weakKeys)("a key that repeats a few letters is guessable and refused: '%s'", (text) => {
  const parse = () => parseFarmKey(text, "RENDERFARM_KEY");
  expect(parse).toThrow(
    expect.objectContaining({ code: "FARM_KEY_UNUSABLE", hint: expect.stringContaining("key make") }),
  );
  expect(parse).toThrow(/RENDERFARM_KEY: it repeats its first \d+ letters?, so it can be guessed$/);
});

test("the key of an open node is empty", () => {
  expect(openKey.bytes.length).toBe(0);
});
