import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { FromNode } from "../../src/session/protocol.ts";
import { hostileLines, hostileText, obeyedIn, withoutOwn } from "../support/hostile-texts.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const blend = `${hostileText}.blend`;
const output = `${hostileText}.mp4`;

/** A node whose texts contain control characters. */
function hostileNode(): FakeNodeOptions {
  let failed = 0;
  const warning = { type: "warning", code: "ODD", message: hostileLines, slot: null } as const;
  return {
    ...{ key: null, name: hostileText, info: { platform: hostileText, software: hostileText, python: hostileText } },
    sceneInfo: { device: hostileText, references: [{ kind: "image", path: hostileText, missing: true }] },
    scene: { name: hostileText, engine: hostileText, camera: hostileText },
    say: (message) => (message.type === "job-loaded" ? [message, warning] : [message]),
    claim: () => ({ device: hostileText }),
    fails: (frame) => (frame === 2 && failed++ === 0 ? { message: hostileLines, hint: hostileLines } : undefined),
  };
}

async function openLab(options = hostileNode()) {
  const lab = await TerminalLab.open();
  await lab.makeBlend(blend);
  const { at } = await lab.serve(options);
  return { lab, at, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

function expectHarmless(written: string): void {
  expect(written).toContain("evil");
  expect(obeyedIn(written)).toEqual([]);
}

describe("hostile node texts and file names in the program's output:", { timeout: 90_000 }, () => {
  test("a plain render with its log, its report, and another video from its frames", async () => {
    await using opened = await openLab();
    const { lab, at } = opened;
    const render = [blend, "-o", output, "--nodes", at, "--missing", "warn", "--keep-frames"];
    const folder = `${output}.renderfarm`;
    const plain = await lab.renderfarm([...render, "--log-level", "trace"]);
    expect(plain.exitCode, plain.stderr).toBe(0);
    const report = await lab.renderfarm(["report", folder]);
    const reported = await lab.renderfarm(["report", folder, "--json"]);
    const encoded = await lab.renderfarm(["encode", folder, "-o", `again ${output}`]);
    const encodedJson = await lab.renderfarm(["encode", folder, "--overwrite", "--json"]);
    for (const { exitCode, stdout, stderr } of [report, reported, encoded, encodedJson]) {
      expect(exitCode, stderr).toBe(0);
      expectHarmless(stdout);
    }
    expectHarmless(plain.stdout);
    expectHarmless(plain.stderr);
    expectHarmless(await readFile(lab.path(`${folder}/log.ndjson`), "utf8"));
  });

  test("--json, and the final error of a job that no node can load", async () => {
    await using opened = await openLab({
      ...hostileNode(),
      loadFails: { code: "LOAD_FAILED", message: hostileLines, hint: hostileLines },
    });
    const { lab, at } = opened;
    const { exitCode, stdout, stderr } = await lab.renderfarm([blend, "-o", output, "--nodes", at, "--json"]);
    expect(exitCode).toBe(4);
    expectHarmless(stdout);
    expectHarmless(stderr);
    expect(stderr.split("\n").filter((line) => line.startsWith("Done"))).toEqual([]);
    const last = JSON.parse(stdout.split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ type: "job:failed", message: expect.stringContaining(hostileText) });
  });

  test("a node that sends a hundred thousand false reports: the log stays small, and the video is made", async () => {
    const ref = { frame: 2, slot: 0 };
    const lies = Array.from({ length: 25_000 }, (_, index): FromNode[] => [
      { type: "frame-started", ...ref, attempt: 1_000 + index },
      { type: "frame-progress", ...ref, attempt: 2, steps: index, fraction: 0.5 },
      { type: "frame-started", ...ref, attempt: 2 },
      { type: "warning", code: "ODD", message: `${index}: ${hostileText}`, slot: null },
    ]).flat();
    await using opened = await openLab({
      key: null,
      say: (message) =>
        message.type === "frame-started" ? [message, ...(message.frame === 2 ? lies : [])] : [message],
    });
    const { lab, at } = opened;
    const { exitCode, stdout, stderr } = await lab.renderfarm([blend, "-o", output, "--nodes", at, "--json"]);
    expect(exitCode, stderr).toBe(0);
    const log = await readFile(lab.path(`${output}.renderfarm/log.ndjson`), "utf8");
    for (const written of [stdout, log]) {
      expectHarmless(written);
      expect(written.split("\n").length).toBeLessThan(150);
      expect(written).toContain("WARNINGS_DROPPED");
    }
  });

  test("a thousand unreachable nodes: lines about them are limited and counted", async () => {
    const key = makeFarmKey();
    await using opened = await openLab({ key });
    const { lab, at } = opened;
    const nodes = Array.from({ length: 999 }, (_, index) => ({ host: `127.0.${index >> 8}.${index & 255}`, port: 9 }));
    const [host, port] = at.split(":");
    await writeFile(lab.path("farmspec.json"), JSON.stringify({ nodes: [...nodes, { host, port: Number(port) }] }));
    const env = { RENDERFARM_KEY: formatFarmKey(key) };
    const { exitCode, stdout, stderr } = await lab.renderfarm([blend, "-o", output, "--json"], { env });
    expect(exitCode, stderr).toBe(0);
    const told = stdout.split("\n").filter((line) => line.startsWith('{"type":"node:unreachable"'));
    expect(told.length).toBeGreaterThan(300);
    expect(told.length).toBeLessThan(900);
    expect(stdout).toMatch(/LINES_DROPPED.*100 lines about nodes that take no part dropped so far/);
  });

  test("typed text quoted in an error", async () => {
    await using opened = await openLab();
    for (const words of [[`--${hostileText}`], ["report", hostileText]]) {
      const { exitCode, stderr } = await opened.lab.renderfarm(words);
      expect(exitCode).toBe(2);
      expectHarmless(stderr);
    }
  });

  test.skipIf(noTmux !== null)("questions, the live view and the log on a real terminal", async () => {
    await using opened = await openLab();
    const { lab, at } = opened;
    await using terminal = await TmuxTerminal.open({ columns: 250, rows: 40 });
    const record = lab.path("written");
    const asks = (question: RegExp) => terminal.until(String(question), (screen) => question.test(screen));
    await terminal.record(record);

    const given = ["--nodes", at, "--missing", "warn"];
    await lab.type(terminal, [...given, "--plain", "--log-level", "trace"]);
    await asks(/evil.*end\.blend/);
    await terminal.press("Enter");
    await asks(/\? Output \(evil/);
    await terminal.press("Enter");
    await asks(/^\? Frames/m);
    await terminal.press("Enter");
    expect(await lab.ended(terminal)).toBe(0);

    await lab.type(terminal, given);
    await asks(/evil.*end\.blend/);
    await terminal.press("Enter");
    await asks(/\? Output \(evil/);
    await terminal.press("Tab"); // accepts the suggestion for editing
    await asks(/\? Output evil/);
    await terminal.press("Enter");
    await asks(/Replace it\?/);
    await terminal.typeText("y");
    await terminal.press("Enter");
    await asks(/^\? Frames/m);
    await terminal.press("Enter");
    expect(await lab.ended(terminal)).toBe(0);

    const written = await readFile(record, "utf8");
    expect(written).toContain("INFO");
    expect(withoutOwn(written)).toContain("evil");
    expect(obeyedIn(withoutOwn(written))).toEqual([]);
  });
});
