import { writeFileSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Sighting } from "../../../src/core/node.ts";
import { EmbeddedNode } from "../../../src/farm/local-node/embedded-node.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

vi.mock("../../../src/core/back-off.ts", () => ({ backOffMs: () => 5 }));

let folder: TemporaryFolder;
const ending = new AbortController();
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A fake Blender that acts as a node: it counts its starts, and does what the test wants. */
async function program(then: string) {
  const path = join(folder.path, "fake-blender");
  const started = JSON.stringify(join(folder.path, "started"));
  await writeFile(
    path,
    `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const after = (option) => process.argv[process.argv.indexOf(option) + 1];
appendFileSync(${started}, process.env.RENDERFARM_KEY + " " + after("--host") + "\\n");
const count = readFileSync(${started}, "utf8").trim().split("\\n").length;
const dieWhenTold = () => setInterval(() => existsSync(${JSON.stringify(join(folder.path, "die-"))} + count) && process.exit(9), 5);
const serve = () => {
  const part = after("--ready-file") + ".part";
  writeFileSync(part, JSON.stringify({ node: "a".repeat(32), name: "n", port: 1000 + count }));
  renameSync(part, after("--ready-file")); // in one step, as a node writes it
};
process.stdin.on("end", () => process.exit(0)).resume();
${then}
`,
  );
  await chmod(path, 0o755);
  /** Ends the nth start, which must have served before. */
  const end = (nth: number) => writeFileSync(join(folder.path, `die-${nth}`), "");
  const starts = async () => (await readFile(join(folder.path, "started"), "utf8")).trim().split("\n");
  return { blender: { path, version: "3.4.1" }, starts, end };
}

const options = () => ({ slots: 1, cacheFolder: join(folder.path, "cache") });

test("an embedded node that dies is started again on loopback, with the same key, and its new address is used", async () => {
  const { blender, starts, end } = await program("serve(); dieWhenTold();");
  const node = await EmbeddedNode.open(blender, options(), ending.signal);
  end(1);
  const seen: Sighting[] = [];
  const stop = new AbortController();
  const living = node.keepAlive((sighting) => {
    seen.push(sighting);
    if (seen.length === 3) stop.abort(new Error("the job has ended"));
    else end(seen.length + 1);
  }, stop.signal);
  await expect(living).rejects.toThrow("the job has ended");
  expect(seen.map(({ addresses }) => addresses[0]?.port)).toEqual([1002, 1003, 1004]);
  expect(node.sighting.addresses).toEqual([{ host: "127.0.0.1", port: 1004 }]);
  const lines = await starts();
  expect(lines.length).toBe(4);
  expect(new Set(lines).size).toBe(1); // the same key each time
  expect(lines[0]).toMatch(/ 127\.0\.0\.1$/);
  await node[Symbol.asyncDispose]();
});

test.each([
  ["serves and dies", "console.error('no more memory'); serve(); dieWhenTold();"],
  [
    "no longer starts",
    "console.error('no more memory'); if (count > 1) process.exit(1); else { serve(); dieWhenTold(); }",
  ],
])("an embedded node that %s each time is abandoned, with its last output in the error", async (_, then) => {
  const { blender, starts, end } = await program(then);
  const node = await EmbeddedNode.open(blender, options(), ending.signal);
  end(1);
  let served = 1;
  const reason = await node.keepAlive(() => {
    served += 1;
    end(served);
  }, ending.signal);
  expect(reason).toMatchObject({ code: "FARM_NO_NODE", message: expect.stringContaining("no more memory") });
  expect((await starts()).length).toBe(6);
  await node[Symbol.asyncDispose]();
});
