import { expect, test } from "vitest";
import { readStarter, starterTxt } from "../../src/discovery/starter-notice.ts";

const id = "0123456789abcdef0123456789abcdef";
const from = { port: 40_000, sender: "192.168.1.21", addresses: ["10.0.0.5", "fe80::1"] };

test("a machine that asks to join is read as it was announced, at the address of the sender first", () => {
  const txt = starterTxt({ id, name: "cellar", state: "joining", keyId: "0a1b2c3d", at: "192.168.1.20" });
  expect(readStarter({ ...from, txt })).toEqual({
    ...{ id, name: "cellar", state: "joining", keyId: "0a1b2c3d", at: "192.168.1.20" },
    addresses: [
      { host: "192.168.1.21", port: 40_000 },
      { host: "10.0.0.5", port: 40_000 },
    ],
  });
  for (const state of ["looking", "founding"] as const) {
    expect(readStarter({ ...from, txt: starterTxt({ id, name: "cellar", state }) })).not.toHaveProperty("keyId");
  }
});

test("rubbish is no machine, and a name cannot move the cursor", () => {
  const good = starterTxt({ id, name: "cellar", state: "joining", keyId: "0a1b2c3d" });
  const wrong: Record<string, unknown>[] = [
    ...[{ v: "2" }, { id: "ABC" }, { state: "owner" }, { key: "" }, { key: "0A1B2C3D" }, { id: undefined }],
  ];
  for (const change of wrong) expect(readStarter({ ...from, txt: { ...good, ...change } })).toBeUndefined();
  expect(readStarter({ ...from, port: 0, txt: good })).toBeUndefined();
  expect(readStarter({ ...from, sender: undefined, addresses: [], txt: good })).toBeUndefined();
  expect(readStarter({ ...from, txt: { ...good, at: "not an address" } })).not.toHaveProperty("at");
  const named = readStarter({ ...from, txt: { ...good, name: `\u001b[2J${"x".repeat(200)}` } });
  expect(named?.name).toMatch(/^\\u001b\[2Jx+$/);
  expect(named?.name.length).toBe(64);
});
