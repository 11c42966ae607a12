import { describe, expect, test } from "vitest";
import { formatAddress, nodeListOf, parseNodeList } from "../../src/core/node-list.ts";

test("parseNodeList() reads hosts with and without ports, names and both kinds of addresses", () => {
  expect(parseNodeList("render1, 192.168.1.20:7448,[fe80::1%eth0]:7449,[::1],wss://render2:7450")).toEqual([
    { address: { host: "render1", port: 7447 } },
    { address: { host: "192.168.1.20", port: 7448 } },
    { address: { host: "fe80::1%eth0", port: 7449 } },
    { address: { host: "::1", port: 7447 } },
    { address: { host: "render2", port: 7450 }, tls: true },
  ]);
});

test("formatAddress() writes what parseNodeList() reads", () => {
  const written = ["render1:7447", "192.168.1.20:7448", "[fe80::1]:7449"];
  expect(parseNodeList(written.join(",")).map(({ address }) => formatAddress(address))).toEqual(written);
});

test("nodeListOf() names each node by its best address, as parseNodeList() reads it", () => {
  const at = (host: string, tls?: boolean) => ({
    addresses: [
      { host, port: 7448 },
      { host: "other", port: 1 },
    ],
    ...(tls && { tls }),
  });
  const list = nodeListOf([at("attic"), at("fe80::1%eth0"), at("cellar", true), { addresses: [] }]);
  expect(list).toBe("attic:7448,[fe80::1%eth0]:7448,wss://cellar:7448");
  expect(parseNodeList(list).map(({ address, tls }) => [address.host, address.port, tls])).toEqual([
    ...[
      ["attic", 7448, undefined],
      ["fe80::1%eth0", 7448, undefined],
      ["cellar", 7448, true],
    ],
  ]);
});

describe("parseNodeList() names the entry that is wrong:", () => {
  test.each(["", "a,,b", "a:0", "a:65536", "a:b", "::1", "http://a", "a b", "[::1", "a:7447:1"])("'%s'", (list) => {
    expect(() => parseNodeList(list)).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
  });
});
