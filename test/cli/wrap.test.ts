import { expect, test } from "vitest";
import { signsOf, span, widthOfLine } from "../../src/cli/live/line.ts";
import { summaryLines } from "../../src/cli/live/summary.ts";
import { emptyView } from "../../src/cli/live/view-state.ts";
import { wrapLine } from "../../src/cli/live/wrapped-line.ts";
import { wrapAtWords, wrappedFor } from "../../src/cli/wrap.ts";

const error = [
  "Error: Cannot use the farmspec '/home/ada/films/farmspec.json': nodes[2].port: a number is needed",
  "  farmspec.example.json shows what a farmspec may contain, and so does the README of the package",
].join("\n");

test("an error is wrapped at words, its hint with an indent of two spaces", () => {
  expect(wrapAtWords(error, 60)).toMatchInlineSnapshot(`
    "Error: Cannot use the farmspec
      '/home/ada/films/farmspec.json': nodes[2].port: a number
      is needed
      farmspec.example.json shows what a farmspec may contain,
      and so does the README of the package"
  `);
});

test("no line that is added starts where a line of this program could start", () => {
  const spoof = `Warning: ${"x".repeat(60)} Done in 3:00: out.mp4 ${"y".repeat(60)} Error: no`;
  const [first, ...added] = wrapAtWords(spoof, 40).split("\n");
  expect(first).toMatch(/^Warning:/);
  for (const line of added) expect(line).toMatch(/^ {2}\S/);
});

test("paths stay whole, also longer ones than the line; so does what is in quotes, if it fits", () => {
  const path = `/home/ada/${"very-long-folder-name/".repeat(5)}scene.blend`;
  expect(wrapAtWords(`Error: Cannot find the blendfile: ${path} (it does not exist)`, 60).split("\n")).toContain(
    `  ${path}`,
  );
  const hint = "  Start one on another machine with 'renderfarm node', or run 'npx renderfarm doctor --json' here";
  for (let columns = 40; columns < 100; columns++) {
    const wrapped = wrapAtWords(hint, columns);
    expect(wrapped).toContain("'npx renderfarm doctor --json'");
    expect(wrapped).toContain("'renderfarm node'");
    for (const line of wrapped.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
  }
});

test("an apostrophe starts no quotation, and no word is lost", () => {
  const text = "Check the node's disk and the node's memory, then start the node's service 'renderfarm-node' again";
  expect(wrapAtWords(text, 30).replace(/\s+/g, " ")).toBe(text);
  for (const line of wrapAtWords(text, 30).split("\n")) expect(line.length).toBeLessThanOrEqual(30);
});

test("where no terminal is, nothing is wrapped", () => {
  expect(wrappedFor({ isTTY: false, columns: 20 }, error)).toBe(error);
  expect(wrappedFor({}, error)).toBe(error);
  expect(wrappedFor({ isTTY: true, columns: 60 }, error)).toBe(wrapAtWords(error, 60));
  expect(wrappedFor({ isTTY: true, columns: 0 }, error)).toBe(wrapAtWords(error, 80));
});

test("a wrapped line of the view keeps its colours and its text; other lines are indented by its sign", () => {
  const line = [
    span("▲ ", "warning"),
    span("Cannot reach a node at 10.0.0.9:7447: "),
    span("it does not answer", "faint"),
  ];
  const rows = wrapLine(line, 30, 2);
  expect(rows).toEqual([
    [span("▲ ", "warning"), span("Cannot reach a node at")],
    [span("  "), span("10.0.0.9:7447: "), span("it does not", "faint")],
    [span("  "), span("answer", "faint")],
  ]);
});

test("the summary at 80 columns has no line that the terminal would break", () => {
  const warnings = [
    "The scene asks for a GPU, but this Blender finds none: Cycles renders on the CPU (attic, upstairs)",
  ];
  const nodes = [
    { node: "a", name: "a node with a long name ".repeat(3), blender: "4.3.2", frames: 9, renderSeconds: 9 },
  ];
  const note = {
    level: "warning",
    text: `Cannot use it: ${"words ".repeat(30)}`,
    hint: "Look at it ".repeat(20),
  } as const;
  const state = { ...emptyView(0), notes: new Map([["note", note]]) };
  const result = { output: "/f/out.mp4", frames: 9, reused: 1, seconds: 9, nodes, warnings };
  const lines = summaryLines(state, result, { signs: signsOf(true), columns: 80 });
  for (const line of lines) expect(widthOfLine(line)).toBeLessThanOrEqual(80);
  const text = lines.map((line) => line.map((piece) => piece.text).join("")).join("\n");
  expect(text).toContain("Cycles renders on the\n  CPU (attic, upstairs)");
});
