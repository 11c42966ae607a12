import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodesTable } from "../../src/cli/commands/nodes-command.ts";
import { reportText } from "../../src/cli/commands/report-text.ts";
import { saveFarmspec, sightingOf } from "../../src/cli/commands/save-farmspec.ts";
import { LiveReporter } from "../../src/cli/live/live-reporter.ts";
import type { Terminal } from "../../src/cli/live/terminal-traits.ts";
import { JobLog } from "../../src/cli/log.ts";
import { JsonLines } from "../../src/cli/reporters/json-lines.ts";
import { PlainLines } from "../../src/cli/reporters/plain-lines.ts";
import { readAdvertisement } from "../../src/discovery/advertisement.ts";
import { FarmError, readFarmspec } from "../../src/index.ts";
import { hostileEvents, hostileLines, hostileText, obeyedIn, withoutOwn } from "../support/hostile-texts.ts";
import { attempt, line, record, reportOn } from "../support/job-reports.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const isEnding = (type: string) => /^job:(completed|interrupted|failed)$/.test(type);

/** Expects that the text was written without anything that a terminal obeys. */
function expectHarmless(written: string): void {
  expect(written).toContain("evil");
  expect(obeyedIn(written)).toEqual([]);
}

test("these tests detect control characters, except those that our own output uses", () => {
  expect(obeyedIn(hostileText).length).toBeGreaterThan(15);
  expect(obeyedIn(withoutOwn(hostileText))).toEqual(obeyedIn(hostileText));
  expect(obeyedIn(withoutOwn("\u001b[?25l\u001b[33m●\u001b[0m büro\r\u001b[K\n"))).toEqual([]);
});

test("plain lines, with the summary", () => {
  let written = "";
  const lines = new PlainLines(
    (text) => {
      written += text;
    },
    () => 0,
  );
  for (const event of hostileEvents) lines.tell(event);
  expectHarmless(written);
  expect(written.split("\n").filter((line) => line.startsWith("Done"))).toHaveLength(1);
});

test("--json: the values are unchanged, one object per line", () => {
  const written: string[] = [];
  const lines = new JsonLines((line) => written.push(line), Date.now);
  for (const event of hostileEvents) lines.tell(event);
  lines.fail(new FarmError("FARM_NO_NODE", hostileLines, hostileLines));
  for (const line of written) {
    expect(obeyedIn(line)).toEqual([]);
    expect(line).toMatch(/^[^\n]+\n$/);
  }
  expect(JSON.parse(written[0] ?? "")).toMatchObject({ type: "job:started", blend: hostileText });
  expect(JSON.parse(written.at(-1) ?? "")).toMatchObject({ message: hostileLines, hint: hostileLines });
});

class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  columns = 100;
  rows = 40;
  written = "";
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  getColorDepth(): number {
    return 8;
  }
}

test.each(["job:completed", "job:interrupted", "job:failed"])(
  "the live view, with what %s leaves on the screen",
  (end) => {
    const terminal = new FakeTerminal();
    using reporter = new LiveReporter({
      terminal: terminal as unknown as Terminal,
      environment: {},
      monotonicMs: () => 0,
    });
    // Draws after each event: later ones could push its line away.
    for (const event of hostileEvents.filter(({ type }) => !isEnding(type) || type === end)) {
      reporter.tell(event);
      reporter.writeAbove(() => {}); // draws
    }
    expectHarmless(withoutOwn(terminal.written));
  },
);

test("the log on a terminal, on a pipe and in log.ndjson", async () => {
  await using folder = await makeTemporaryFolder();
  const file = join(folder.path, "log.ndjson");
  let [pretty, piped] = ["", ""];
  const write = (text: string) => {
    pretty += text;
  };
  const terminal = new JobLog({ level: "trace", isTerminal: true, write });
  const pipe = new JobLog({
    level: "trace",
    isTerminal: false,
    write: (text) => {
      piped += text;
    },
  });
  pipe.addFile(file);
  for (const { logger } of [terminal, pipe]) {
    for (const { type, ...fields } of hostileEvents) logger.info(fields, type);
    logger.info({ code: "BUG", message: hostileLines }, "job:failed");
  }
  const kept = await readFile(file, "utf8");
  expectHarmless(withoutOwn(pretty));
  expectHarmless(piped);
  expectHarmless(kept);
  const lines = kept.trimEnd().split("\n");
  expect(lines).toHaveLength(hostileEvents.length + 1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "job:started", blend: hostileText });
});

test("report", async () => {
  const node = { id: "ab".repeat(16), name: hostileText };
  const log = hostileEvents.map(({ type: msg, ...fields }, index) => line(index, msg, fields));
  const failed = line(99, "job:failed", { code: hostileText, message: hostileLines });
  const hostile = record(1, hostileText, { node, blender: hostileText, device: hostileText });
  const error = { code: hostileText, message: hostileLines, hint: hostileLines };
  const attempts = [attempt(1, hostileText, { start: 1, over: 2, outcome: "failed", error })];
  const text = reportText(await reportOn({ records: [hostile], attempts, log: [...log, failed] }));
  expectHarmless(text);
  expect(text).toContain("Failed and wasted renders");
});

test("the table of discovered nodes", () => {
  const id = "ab".repeat(16);
  const jobs = new Map([[id, { holder: hostileText, name: hostileText.repeat(20), since: 1 }]]);
  const answer = {
    ...{ port: 7447, sender: "10.0.0.1", addresses: [hostileText] },
    txt: { v: "1", id: "ab".repeat(16), name: hostileText, blender: hostileText, state: hostileText, key: hostileText },
  };
  const seen = readAdvertisement(answer);
  expectHarmless(nodesTable(seen ? [seen] : [], new Set(), jobs));
  expectHarmless(
    nodesTable(
      [{ id, name: hostileText, addresses: [{ host: hostileText, port: 1 }], source: "mdns" }],
      new Set(),
      jobs,
    ),
  );
});

test("the farmspec that a job writes about the nodes it found, which can be read again", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "farmspec.json");
  const events = hostileEvents.filter((event) => event.type === "node:found");
  const long = {
    node: "cd".repeat(16),
    name: hostileText.repeat(10),
    address: "10.0.0.1:7447",
    blender: "3.4.1",
    slots: 1,
  };
  const found = [
    ...events.map((event) => ({ ...event, address: "10.0.0.1:7447" })),
    { type: "node:found", ...long } as const,
  ];
  await saveFarmspec(path, found.map(sightingOf), { tell: () => {} });
  expectHarmless(await readFile(path, "utf8"));
  expect((await readFarmspec(path, false))?.nodes).toHaveLength(2);
});
