import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { type ServedNode, TerminalLab } from "../support/terminal/terminal-lab.ts";

interface Case {
  /** Options of a node that is named with --nodes; without them none is named. */
  readonly node?: FakeNodeOptions;
  /** Files to make beside scene.blend. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: (lab: TerminalLab) => Promise<Record<string, string>>;
  readonly code: string;
  readonly exit: number;
  readonly message: RegExp;
  readonly hint: RegExp;
}

const open = { key: null } as const;
const usual = ["scene.blend", "-o", "film.mp4"];
const key = makeFarmKey();

async function openLab(files: Case["files"] = {}): Promise<TerminalLab> {
  const lab = await TerminalLab.open();
  await lab.makeBlend("scene.blend");
  for (const [name, text] of Object.entries(files)) await writeFile(lab.path(name), text);
  return lab;
}

/** An FFmpeg that reports its version and has only one encoder. */
async function poorFfmpeg(lab: TerminalLab): Promise<Record<string, string>> {
  const folder = join(lab.path(), "..", "tools");
  await mkdir(folder);
  for (const name of ["ffmpeg", "ffprobe"]) {
    const encoders = 'case "$*" in *-encoders*) echo " V..... libtheora   libtheora Theora" ;; *)';
    await writeFile(join(folder, name), `#!/bin/sh\n${encoders} echo "${name} version 9.9" ;; esac\n`);
    await chmod(join(folder, name), 0o755);
  }
  return { PATH: `${folder}:${process.env.PATH}` };
}

const cases: Record<string, Case> = {
  "no such file": {
    ...{ args: ["none.blend", "-o", "film.mp4"], code: "FARM_BLEND_NOT_FOUND", exit: 2 },
    ...{ message: /none\.blend/, hint: /./ },
  },
  "a file that is not a blendfile": {
    ...{ files: { "text.blend": "this is a text, whatever its name says" }, args: ["text.blend", "-o", "film.mp4"] },
    ...{ code: "FARM_NOT_A_BLEND", exit: 2, message: /text\.blend.*no Blender header/, hint: /Blender saved/ },
  },
  "a folder": {
    ...{ args: [".", "-o", "film.mp4"], code: "FARM_NOT_A_BLEND", exit: 2, message: /folder/, hint: /Blender saved/ },
  },
  "an empty file": {
    ...{ files: { "empty.blend": "" }, args: ["empty.blend", "-o", "film.mp4"] },
    ...{ code: "FARM_NOT_A_BLEND", exit: 2, message: /it is empty/, hint: /Blender saved/ },
  },
  "a blendfile truncated in its header": {
    ...{ files: { "cut.blend": "BLENDER-v3" }, args: ["cut.blend", "-o", "film.mp4"] },
    ...{ code: "FARM_NOT_A_BLEND", exit: 2, message: /ends within its header/, hint: /save it again/ },
  },
  "a blendfile truncated after its header, which no node can open": {
    ...{ node: { ...open, loadFails: { code: "FILE_UNREADABLE", message: "Blender cannot read it" } } },
    ...{ code: "FARM_NOT_A_BLEND", exit: 2, message: /Blender cannot read it/, hint: /save it again/ },
  },
  "a blendfile newer than every node": {
    ...{ files: { "new.blend": "BLENDER-v402REND saved by a newer one" }, args: ["new.blend", "-o", "film.mp4"] },
    ...{ node: open, code: "FARM_NODE_EXCLUDED", exit: 3, message: /3\.4\.1 is older.*4\.2 saved/, hint: /Blender/ },
  },
  "a scene without a camera": {
    ...{ node: { ...open, scene: { camera: null, cameras: [] } }, code: "FARM_BAD_INPUT", exit: 2 },
    ...{ message: /no active camera/, hint: /Scene properties, Camera/ },
  },
  "a scene that does not exist": {
    ...{ node: { ...open, sceneInfo: { scene: "Shot" } }, args: [...usual, "--scene", "Shot"] },
    ...{ code: "FARM_BAD_INPUT", exit: 2 },
    ...{ message: /scene 'Shot'/, hint: /It has: Scene/ },
  },
  "a scene's range without a frame": {
    ...{ node: { ...open, scene: { frameStart: 10, frameEnd: 4 } }, code: "FARM_BAD_INPUT", exit: 2 },
    ...{ message: /from 10 to 4/, hint: /--frames 1-24/ },
  },
  "files that the scene uses and that are missing": {
    node: { ...open, sceneInfo: { references: [{ kind: "image", path: "//wood.png", missing: true }] } },
    ...{ code: "FARM_FILES_MISSING", exit: 2, message: /1 file that[\s\S]*\/\/wood\.png/, hint: /Pack Resources/ },
  },
  ...Object.fromEntries(
    ["5-1", "", "a", "1-", "1,,2", "1-10x0", "1-99999999999"].map((frames): [string, Case] => [
      `frames '${frames}'`,
      {
        ...{ args: [...usual, "--frames", frames], node: open, code: "FARM_BAD_INPUT", exit: 2 },
        ...{ message: /frame/i, hint: /./ },
      },
    ]),
  ),
  "an output below a file": {
    ...{ args: ["scene.blend", "-o", "scene.blend/film.mp4"], code: "FARM_OUTPUT_UNWRITABLE", exit: 2 },
    ...{ message: /scene\.blend\/film\.mp4/, hint: /where you can write/ },
  },
  "an output that exists": {
    ...{ files: { "film.mp4": "precious" }, code: "FARM_OUTPUT_EXISTS", exit: 2 },
    ...{ message: /film\.mp4/, hint: /--overwrite/ },
  },
  "an output of an unknown kind": {
    ...{ args: ["scene.blend", "-o", "film.xyz"], code: "FARM_BAD_INPUT", exit: 2, message: /\.xyz/, hint: /\.mp4/ },
  },
  "an output in folders that do not exist, without FFmpeg": {
    ...{ args: ["scene.blend", "-o", "a/b/film.mp4", "--ffmpeg", "/nowhere/ffmpeg"], code: "FARM_FFMPEG_MISSING" },
    ...{ exit: 5, message: /\/nowhere\/ffmpeg/, hint: /Install FFmpeg/ },
  },
  "pictures in a folder that does not exist, and a node that cannot open the file": {
    ...{ args: ["scene.blend", "-o", "a/b/"], node: { ...open, loadFails: { message: "no" } } },
    ...{ code: "FARM_LOAD_FAILED", exit: 4, message: /no/, hint: /./ },
  },
  "no FFmpeg": {
    env: async (lab) => ({ PATH: lab.path() }),
    ...{ code: "FARM_FFMPEG_MISSING", exit: 5, message: /Cannot run FFmpeg/, hint: /Install FFmpeg/ },
  },
  "an FFmpeg without the encoder": {
    ...{ env: poorFfmpeg, code: "FARM_ENCODER_MISSING", exit: 5, message: /libx264.*9\.9/, hint: /FFmpeg/ },
  },
  "a codec that the container cannot hold": {
    ...{ args: ["scene.blend", "-o", "film.webm", "--codec", "h264"], code: "FARM_BAD_INPUT", exit: 2 },
    ...{ message: /h264/, hint: /vp9/ },
  },
  "an invalid frame rate": {
    ...{ args: [...usual, "--fps", "fast"], code: "FARM_BAD_INPUT", exit: 2, message: /fast/, hint: /./ },
  },
  "another key than the node's": {
    ...{ node: { key }, env: async () => ({ RENDERFARM_KEY: formatFarmKey(makeFarmKey()) }) },
    ...{ code: "FARM_KEY_UNUSABLE", exit: 2, message: new RegExp(key.id), hint: /RENDERFARM_KEY/ },
  },
  "no key": {
    ...{ node: { key }, code: "FARM_KEY_UNUSABLE", exit: 2, message: /this machine has none/, hint: /RENDERFARM_KEY/ },
  },
  "a farmspec with an unknown field": {
    files: { "farmspec.json": '{ "nodes": [{ "host": "a" }, { "host": "b" }, { "host": "c", "prt": 7447 }] }' },
    ...{ code: "FARM_BAD_INPUT", exit: 2, message: /nodes\[2\]\.prt: there is no such field/, hint: /example/ },
  },
  "a farmspec that is not JSON": {
    files: { "farmspec.json": '{\n  "nodes": [\n    { "host": "a" },\n  ]\n}\n' },
    ...{ code: "FARM_BAD_INPUT", exit: 2, message: /line 4 is not JSON/, hint: /Correct that line/ },
  },
  "a named farmspec that does not exist": {
    ...{ args: [...usual, "--farmspec", "farm.json"], code: "FARM_BAD_INPUT", exit: 2 },
    ...{ message: /farm\.json/, hint: /--farmspec/ },
  },
  "a node that does not answer": {
    ...{ args: [...usual, "--nodes", "127.0.0.1:1"], code: "FARM_NODE_UNREACHABLE", exit: 3 },
    ...{ message: /127\.0\.0\.1:1/, hint: /./ },
  },
  "an invalid node list": {
    ...{
      args: [...usual, "--nodes", "a:b:c"],
      code: "FARM_BAD_INPUT",
      exit: 2,
      message: /'a:b:c' in --nodes/,
      hint: /./,
    },
  },
  "a poster of an unknown kind": {
    ...{ args: [...usual, "--poster", "first.doc"], code: "FARM_BAD_INPUT", exit: 2, message: /first\.doc/, hint: /./ },
  },
  "a mistyped command": {
    ...{ args: ["nodse"], code: "FARM_BAD_INPUT", exit: 2, message: /'nodse'/, hint: /Did you mean 'nodes'\?/ },
  },
  "a word that is neither a command nor a file": {
    ...{ args: ["queu"], code: "FARM_BAD_INPUT", exit: 2, message: /a blendfile or a command 'queu'/ },
    ...{ hint: /The commands are .*nodes.*; a blendfile ends in \.blend/ },
  },
  "a blendfile without its extension": {
    ...{ args: ["scene", "-o", "film.mp4"], code: "FARM_BAD_INPUT", exit: 2, message: /'scene'/ },
    hint: /Did you mean 'scene\.blend'\?/,
  },
};

describe.concurrent("gives an error with a hint and an exit code, and writes nothing, for", () => {
  test.each(Object.entries(cases))("%s", async (_, given) => {
    await using lab = await openLab(given.files);
    const served: ServedNode | undefined = given.node && (await lab.serve(given.node));
    const args = [...(given.args ?? usual), ...(served ? ["--nodes", served.at] : []), "--json"];
    const before = await lab.listing();

    const { exitCode, stdout, stderr } = await lab.renderfarm(args, { env: (await given.env?.(lab)) ?? {} });

    expect(stdout, stderr).not.toBe("");
    const last = JSON.parse(stdout.split("\n").at(-1) ?? "");
    expect(last).toEqual({
      ...{ type: "job:failed", at: expect.any(String), code: given.code },
      ...{ message: expect.stringMatching(given.message), hint: expect.stringMatching(given.hint) },
    });
    expect(stderr).toContain(`\n  ${last.hint}`);
    expect(stderr).toContain(`Error: ${last.message.split("\n")[0]}`);
    expect(stderr).not.toMatch(/ at .*\.js:\d+|bug/);
    expect(exitCode).toBe(given.exit);
    expect(await lab.listing()).toEqual(before);
    expect(existsSync(join(lab.configFolder, "recent-blendfiles.json")) && given.exit === 2 && !served).toBe(false);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test.each([
    [["--fram", "1"], /unknown option '--fram'\n\(Did you mean --frames\?\)/],
    [["--ouput", "a.mp4"], /Did you mean --output\?/],
    [["doctor", "--jsn"], /Did you mean --json\?/],
    [["key", "shwo"], /unknown command 'shwo'\n\(Did you mean show\?\)/],
    [["keey", "set"], /unknown command 'keey'\n\(Did you mean key\?\)/],
    [["encdoe", "film.mp4.renderfarm"], /Did you mean encode\?/],
    [["scene.blend", "-o", "a.mp4", "other.blend"], /too many arguments/],
    [["encode"], /missing required argument 'folder'/],
    [["nodes", "all"], /too many arguments/],
    [["scene.blend", "-o", "a.mp4", "--order", "random"], /sequential/],
  ])("usage error: %j", async (args, words) => {
    await using lab = await openLab();
    const before = await lab.listing();
    const { exitCode, stdout, stderr } = await lab.renderfarm(args);
    expect(stderr).toMatch(words);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(await lab.listing()).toEqual(before);
  });
});

test("a failing job changes neither an earlier job's files nor a folder that is not a job's", async () => {
  await using lab = await openLab();
  const { node, at } = await lab.serve(open);
  const given = [...usual, "--nodes", at, "--keep-frames"];
  expect((await lab.renderfarm(given)).exitCode).toBe(0);
  await mkdir(lab.path("other.mp4.renderfarm"));
  await writeFile(lab.path("other.mp4.renderfarm/note.txt"), "mine");
  const records = async () => await readFile(lab.path("film.mp4.renderfarm/frames.ndjson"), "utf8");
  const before = await records();

  node.options.loadFails = { message: "no" };
  expect((await lab.renderfarm([...given, "--overwrite", "--frames", "1-9"])).exitCode).toBe(4);
  expect((await lab.renderfarm(["scene.blend", "-o", "other.mp4", "--nodes", at])).exitCode).toBe(4);

  expect(await records()).toBe(before);
  expect(Object.keys(await lab.listing()).filter((path) => /frames\/.*\.png$/.test(path)).length).toBe(4);
  expect(await readFile(lab.path("other.mp4.renderfarm/note.txt"), "utf8")).toBe("mine");
});

test("a job that failed while rendering keeps its folder, which says why", async () => {
  await using lab = await openLab();
  const { at } = await lab.serve({ ...open, fails: () => ({ code: "RENDER_FAILED", message: "it cannot" }) });
  const { exitCode } = await lab.renderfarm([...usual, "--nodes", at, "--yes"]);
  expect(exitCode).toBe(4);
  const report = await lab.renderfarm(["report", "film.mp4.renderfarm"]);
  expect(report).toMatchObject({ exitCode: 0, stderr: "" });
  expect(report.stdout).toMatch(/failed/);
  expect(report.stdout).toMatch(/× it cannot|it cannot/);
});
