import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { attemptErrorOf, faultOf } from "../../../../src/farm/job/loop/error-blame.ts";
import { parseFromNode } from "../../../../src/session/protocol.ts";

const page = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## 8."));
const end = section.indexOf("are the node's fault");
const [list = "", nodesOwn = ""] = section.slice(0, end).split("`BLENDER_MISSING`.\n");
const codesIn = (text: string) => [...text.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? "");
const all = [...codesIn(list), "BLENDER_MISSING"];

describe("faultOf() follows section 9 of docs/protocol.md", () => {
  test("for the codes that are the node's fault", () => {
    expect(codesIn(nodesOwn).length).toBeGreaterThan(5);
    for (const code of codesIn(nodesOwn)) expect(`${code} ${faultOf(code)}`).toBe(`${code} node`);
  });

  test("for the codes that are nobody's fault; all others are the scene's", () => {
    const nobodys = ["CANCELLED", "SLOT_LOST", "SLOT_FULL"];
    expect(all.length).toBeGreaterThan(20);
    for (const code of all.filter((known) => !codesIn(nodesOwn).includes(known))) {
      expect(`${code} ${faultOf(code)}`).toBe(`${code} ${nobodys.includes(code) ? "nobody" : "scene"}`);
    }
  });

  test("and the protocol accepts each of its codes", () => {
    for (const code of all) {
      const error = { code, message: "", hint: "", log: [] };
      const message = { type: "frame-failed", frame: 1, attempt: 1, slot: 0, error };
      expect(parseFromNode(message)).toEqual(message);
    }
  });
});

test("attemptErrorOf() keeps the node's message and hint", () => {
  const words = { message: "no memory left", hint: "fewer slots" };
  expect(attemptErrorOf({ code: "OUT_OF_MEMORY", ...words, log: ["a line"] })).toEqual({
    ...{ code: "OUT_OF_MEMORY", ...words, fault: "node" },
  });
});
