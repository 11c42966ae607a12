import { describe, expect, test } from "vitest";
import { orderAddresses, readAdvertisement, type ServiceAnswer } from "../../src/discovery/advertisement.ts";

const id = "0123456789abcdef".repeat(2);
const answer: ServiceAnswer = {
  port: 7447,
  sender: "192.168.1.20",
  addresses: ["10.0.0.5", "192.168.1.20"],
  txt: { v: "1", id, name: "büro 2", blender: "3.4.1", slots: "2", state: "idle", key: "c0ffee42" },
};
const withTxt = (txt: Record<string, unknown>) => readAdvertisement({ ...answer, txt: { ...answer.txt, ...txt } });

test("readAdvertisement() reads all fields, and puts the sender's address first", () => {
  expect(readAdvertisement(answer)).toEqual({
    ...{ id, name: "büro 2", blenderVersion: "3.4.1", slots: 2, state: "idle", keyId: "c0ffee42", source: "mdns" },
    addresses: [
      { host: "192.168.1.20", port: 7447 },
      { host: "10.0.0.5", port: 7447 },
    ],
  });
});

describe("readAdvertisement() ignores", () => {
  test.each([
    ["another version", { v: "2" }],
    ["no version", { v: undefined }],
    ["no id", { id: undefined }],
    ["a short id", { id: "abc" }],
    ["an id in capitals", { id: id.toUpperCase() }],
    ["an id with a line break", { id: `${id}\n` }],
    ["an id that is not text", { id: Buffer.from(id) }],
  ])("%s", (_, txt) => {
    expect(withTxt(txt)).toBeUndefined();
  });

  test("a service without a port or an address", () => {
    for (const port of [0, -1, 65_536, 1.5, Number.NaN]) expect(readAdvertisement({ ...answer, port })).toBeUndefined();
    expect(readAdvertisement({ ...answer, sender: undefined, addresses: [] })).toBeUndefined();
    expect(readAdvertisement({ ...answer, sender: undefined, addresses: ["fe80::1"] })).toBeUndefined();
  });
});

test("readAdvertisement() ignores invalid addresses", () => {
  const seen = readAdvertisement({
    ...answer,
    addresses: ["10.0.0.5", "evil\u001b[2J", "node.example", "2001:db8::1"],
  });
  expect(seen?.addresses.map(({ host }) => host)).toEqual(["192.168.1.20", "10.0.0.5", "2001:db8::1"]);
});

test("readAdvertisement() omits invalid fields, and makes names safe to print", () => {
  const seen = withTxt({ name: "evil\u001b[2J", blender: "3.4.1; rm", slots: "0", state: "tired", key: "KEY" });
  expect(seen).toMatchObject({ name: "evil\\u001b[2J", keyId: null });
  for (const field of ["blenderVersion", "slots", "state"]) expect(seen).not.toHaveProperty(field);
  expect(withTxt({ name: "" })?.name).toBe("01234567");
  expect(withTxt({ name: "x".repeat(1_000) })?.name?.length).toBe(64);
});

test("orderAddresses() puts the sender first, then IPv4, then IPv6, each once, without link-local IPv6", () => {
  expect(orderAddresses("b", ["2001:db8::1", "FE80::1", "fe80::2", "a", "b"])).toEqual(["b", "a", "2001:db8::1"]);
  expect(orderAddresses(undefined, ["::1", "a"])).toEqual(["a", "::1"]);
});

test("readAdvertisement() ignores an invalid start number", () => {
  expect(withTxt({ start: "0123456789abcdef" })).toMatchObject({ start: "0123456789abcdef" });
  for (const start of [undefined, "", true, "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0"]) {
    expect(withTxt({ start })).not.toHaveProperty("start");
  }
});

test("readAdvertisement() accepts TLS only with a valid fingerprint prefix", () => {
  const id = "0123456789abcdef0123456789abcdef";
  const read = (tls: unknown) =>
    readAdvertisement({ port: 7447, sender: "10.0.0.1", addresses: [], txt: { v: "1", id, tls } });
  expect(read("0123456789abcdef")).toMatchObject({ tls: true, certificate: "0123456789abcdef" });
  for (const tls of [undefined, "", true, "yes", "0123456789ABCDEF", "0123456789abcdef0"]) {
    expect(read(tls)).not.toHaveProperty("tls");
  }
});
