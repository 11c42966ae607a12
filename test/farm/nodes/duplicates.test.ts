import { expect, test } from "vitest";
import type { Sighting } from "../../../src/core/node.ts";
import { addressesOf, describeDuplicates, duplicatesOf } from "../../../src/farm/nodes/duplicates.ts";

const id = "0123456789abcdef".repeat(2);
const at = (host: string): Sighting => ({ id, name: "clone", addresses: [{ host, port: 7447 }], source: "mdns" });

test("duplicatesOf() names all nodes with the id and their addresses, and says what to do", () => {
  expect(duplicatesOf(at("10.0.0.1"))).toBeUndefined();
  expect(duplicatesOf({ ...at("10.0.0.1"), duplicates: [at("10.0.0.2"), at("2001:db8::1")] })).toEqual({
    message:
      "3 nodes have the same id, 01234567, and a job uses only one of them: clone at 10.0.0.1:7447, clone at 10.0.0.2:7447 and clone at [2001:db8::1]:7447",
    hint: expect.stringContaining("delete 'node-id'"),
  });
});

test("describeDuplicates() names only a few of many nodes", () => {
  const many = Array.from({ length: 100 }, () => ({ name: "n", address: { host: "10.0.0.1", port: 1 } }));
  expect(describeDuplicates(id, many).message).toMatch(/^100 nodes .* and 92 more$/);
});

test("addressesOf() puts addresses of duplicates last, and has a limit", () => {
  const many = Array.from({ length: 40 }, (_, number) => at(`10.0.1.${number}`));
  const addresses = addressesOf({ ...at("10.0.0.1"), duplicates: many }).map(({ host }) => host);
  expect(addresses.slice(0, 2)).toEqual(["10.0.0.1", "10.0.1.0"]);
  expect(addresses).toHaveLength(16);
});
