import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../../../src/config/farm-key-text.ts";
import { makeFarmKey, openKey } from "../../../../src/core/farm-key.ts";
import {
  chooseKey,
  demandTls,
  requireSameTls,
  type TrustQuestion,
} from "../../../../src/farm/nodes/trust/trust-policy.ts";

const [first, second, otherKey] = [makeFarmKey(), makeFarmKey(), makeFarmKey()];
const question: TrustQuestion = {
  ...{ node: "a".repeat(32), keyId: first.id, source: "mdns", mayBeOpen: false, wasKeyed: false },
  ...{ name: "attic", address: { host: "10.0.0.7", port: 7447 }, certificate: undefined, keys: [first, second] },
};

test("chooseKey() returns the key that the node names", () => {
  expect(chooseKey(question)).toBe(first);
  expect(chooseKey({ ...question, keyId: second.id, wasKeyed: true })).toBe(second);
});

test("chooseKey() accepts an open node only if the user allows it: being named in a farmspec is not enough", () => {
  expect(chooseKey({ ...question, keyId: null, source: "fixed", mayBeOpen: true })).toBe(openKey);
  const listed = () => chooseKey({ ...question, keyId: null, source: "fixed" });
  expect(listed).toThrow(expect.objectContaining({ code: "FARM_NODE_OPEN", exitCode: 2 }));
  expect(listed).toThrow("attic (aaaaaaaa) at 10.0.0.7:7447");
  const found = () => chooseKey({ ...question, keyId: null, source: "mdns" });
  expect(found).toThrow(expect.objectContaining({ code: "FARM_NODE_EXCLUDED" }));
});

describe("chooseKey() never accepts an open node that had a key before", () => {
  test.each(["mdns", "fixed", "embedded"] as const)("found by %s", (source) => {
    const downgrade = () => chooseKey({ ...question, keyId: null, source, mayBeOpen: true, wasKeyed: true });
    expect(downgrade).toThrow("it had a key before and asks for none now");
  });
});

test("chooseKey() refuses an unknown key, and the error names key ids but no key", () => {
  const refused = () => chooseKey({ ...question, keyId: otherKey.id });
  expect(refused).toThrow(`it has the farm key ${otherKey.id}, and this machine has ${first.id}, ${second.id}`);
  expect(refused).not.toThrow(formatFarmKey(first));
  expect(() => chooseKey({ ...question, keys: [] })).toThrow("this machine has none");
});

test("chooseKey() accepts no open node as the embedded one", () => {
  const taken = () => chooseKey({ ...question, keyId: null, source: "embedded" });
  expect(taken).toThrow(expect.objectContaining({ code: "FARM_NODE_EXCLUDED" }));
});

const [pinned, other] = ["1".repeat(64), "2".repeat(64)];

test("demandTls() demands the certificate that the node had, or an authority if the user trusts one", () => {
  const nothing = { isWanted: false, pinned: undefined, authorities: undefined };
  expect(demandTls(nothing)).toBeUndefined();
  expect(demandTls({ ...nothing, isWanted: true })).toEqual({});
  expect(demandTls({ ...nothing, pinned })).toEqual({ fingerprint: pinned });
  expect(demandTls({ ...nothing, pinned, authorities: "PEM" })).toEqual({ authorities: "PEM" });
  expect(demandTls({ ...nothing, isWanted: true, authorities: "PEM" })).toEqual({ authorities: "PEM" });
  expect(demandTls({ ...nothing, authorities: "PEM" })).toBeUndefined();
});

test("requireSameTls() refuses a node without its TLS or certificate, unless an authority has signed the new one", () => {
  const look = (tls: Parameters<typeof requireSameTls>[1]) => () => requireSameTls("a".repeat(32), tls);
  const refused = expect.objectContaining({ code: "FARM_CERTIFICATE_REFUSED" });
  expect(look({ shown: undefined, pinned: undefined, authorities: undefined })).not.toThrow();
  expect(look({ shown: pinned, pinned: undefined, authorities: undefined })).not.toThrow();
  expect(look({ shown: pinned, pinned, authorities: undefined })).not.toThrow();
  expect(look({ shown: other, pinned, authorities: undefined })).toThrow(refused);
  expect(look({ shown: other, pinned, authorities: "PEM" })).not.toThrow();
  expect(look({ shown: undefined, pinned, authorities: "PEM" })).toThrow(refused);
});
