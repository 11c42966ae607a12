import { describe, expect, test } from "vitest";
import { formatFarmKey, makeFarmKey, openKey } from "../../src/core/farm-key.ts";
import { chooseKey, type TrustQuestion } from "../../src/farm/trust.ts";

const [first, second, stranger] = [makeFarmKey(), makeFarmKey(), makeFarmKey()];
const question: TrustQuestion = {
  ...{ node: "a".repeat(32), keyId: first.id, source: "mdns", wasKeyed: false, keys: [first, second] },
};

test("chooseKey() picks the key that the node names", () => {
  expect(chooseKey(question)).toBe(first);
  expect(chooseKey({ ...question, keyId: second.id, wasKeyed: true })).toBe(second);
});

test("chooseKey() takes an open node only when the user named it", () => {
  expect(chooseKey({ ...question, keyId: null, source: "fixed" })).toBe(openKey);
  const found = () => chooseKey({ ...question, keyId: null, source: "mdns" });
  expect(found).toThrow(expect.objectContaining({ code: "FARM_KEY_UNUSABLE" }));
});

describe("chooseKey() never takes a node open that had a key", () => {
  test.each(["mdns", "fixed", "embedded"] as const)("found by %s", (source) => {
    const downgrade = () => chooseKey({ ...question, keyId: null, source, wasKeyed: true });
    expect(downgrade).toThrow("it had a key before and asks for none now");
  });
});

test("chooseKey() refuses an unknown key, naming ids and no key", () => {
  const refused = () => chooseKey({ ...question, keyId: stranger.id });
  expect(refused).toThrow(`it has the farm key ${stranger.id}, and this machine has ${first.id}, ${second.id}`);
  expect(refused).not.toThrow(formatFarmKey(first));
  expect(() => chooseKey({ ...question, keys: [] })).toThrow("this machine has none");
});
