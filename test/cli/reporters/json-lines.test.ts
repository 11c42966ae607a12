import { expect, test } from "vitest";
import { JsonLines } from "../../../src/cli/reporters/json-lines.ts";
import { FarmError } from "../../../src/index.ts";

function make() {
  const written: string[] = [];
  const lines = new JsonLines(
    (line) => written.push(line),
    () => Date.UTC(2030, 0, 2, 3, 4, 5, 6),
  );
  return { lines, written };
}

test("each event is one line that starts with its type and time", () => {
  const { lines, written } = make();
  lines.tell({ type: "warning", ...{ message: "two\nlines\u2028", name: null } });
  expect(written.length).toBe(1);
  expect(written[0]).toMatch(/^\{"type":"warning","at":"2030-01-02T03:04:05\.006Z",[^\n]*\}\n$/);
  expect(JSON.parse(written[0] ?? "")).toMatchObject({ message: "two\nlines\u2028", name: null });
});

test("fail() writes code, message and hint, but not the cause", () => {
  const { lines, written } = make();
  lines.fail(new FarmError("FARM_NO_NODE", "Cannot", "Do", { cause: new Error("secret") }));
  expect(JSON.parse(written[0] ?? "")).toEqual({
    ...{ type: "job:failed", at: "2030-01-02T03:04:05.006Z", code: "FARM_NO_NODE", message: "Cannot", hint: "Do" },
  });
});
