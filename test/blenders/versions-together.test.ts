import { beforeAll, describe, expect, test } from "vitest";
import { requireBuild } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode } from "../support/lab/lab-results.ts";
import { referenceBy, type SceneOptions, sceneBy } from "./scene.ts";
import { testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const cycles: SceneOptions = { engine: "cycles", output: "png", frames: 24, samples: 16 };
const nothing = { processes: [], files: [] };

const [oldest, next] = testedBlenders;
const newest = testedBlenders.at(-1);
const isPossible = oldest !== undefined && next !== undefined && newest !== undefined;
if (!isPossible) console.warn("Skipped: these tests need two Blenders; start them with `npm run test:blenders`");

describe.runIf(isPossible)("Blenders of different versions on one network", () => {
  beforeAll(requireBuild);

  test("the job runs on one version and says why the other node is excluded", async () => {
    if (oldest === undefined || next === undefined) return;
    await using lab = await VersionLab.open();
    await lab.startNode(oldest);
    await lab.startNode(next);
    const output = lab.path("film.mp4");
    const scene = await sceneBy(oldest, cycles);

    const run = lab.coordinate([scene, "-o", output, "--frames", "1-3"]);
    const completed = await completion(run);

    const reason = `Cannot use ${oldest.version}: it has Blender ${oldest.version}, and the job renders with ${next.version}`;
    expect(run.all("node:excluded").map(({ message }) => message)).toEqual([reason]);
    expect(framesByNode(completed)).toEqual({ [next.version]: 3 });
    await expectSameFilm(output, await referenceBy(next, scene, 3));
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test("--blender-version chooses the other version", async () => {
    if (oldest === undefined || next === undefined) return;
    await using lab = await VersionLab.open();
    await lab.startNode(oldest);
    await lab.startNode(next);
    const output = lab.path("film.mp4");
    const scene = await sceneBy(oldest, cycles);

    const run = lab.coordinate([scene, "-o", output, "--frames", "1-3", "--blender-version", oldest.version]);

    expect(framesByNode(await completion(run))).toEqual({ [oldest.version]: 3 });
    await expectSameFilm(output, await referenceBy(oldest, scene, 3));
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test("a blendfile of the newest version is never sent to the oldest, which still serves other jobs", async () => {
    if (oldest === undefined || newest === undefined) return;
    await using lab = await VersionLab.open();
    const node = await lab.startNode(oldest);
    const tooNew = await sceneBy(newest, cycles);

    const refused = lab.coordinate([tooNew, "-o", lab.path("no.mp4"), "--frames", "1-2"]);
    const { code, last } = await refused.end();
    expect({ code, last: last?.type }, refused.story()).toEqual({ code: 3, last: "job:failed" });
    expect(JSON.stringify(refused.events)).toContain(`its Blender ${oldest.version} is older than the blendfile`);
    expect(await lab.blobsOf(node)).toEqual([]);

    const own = lab.coordinate([await sceneBy(oldest, cycles), "-o", lab.path("own.mp4"), "--frames", "1-2"]);
    expect(await completion(own)).toMatchObject({ frames: 2 });
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test("if both are there, the newest renders alone", async () => {
    if (oldest === undefined || newest === undefined) return;
    await using lab = await VersionLab.open();
    const left = await lab.startNode(oldest);
    await lab.startNode(newest);
    const output = lab.path("film.mp4");
    const scene = await sceneBy(newest, cycles);

    const run = lab.coordinate([scene, "-o", output, "--frames", "1-3"]);
    const completed = await completion(run);

    const reason = expect.stringContaining(`its Blender ${oldest.version} is older than the blendfile`);
    expect(run.all("node:excluded").map(({ message }) => message)).toEqual([reason]);
    expect(framesByNode(completed)).toEqual({ [newest.version]: 3 });
    expect(await lab.blobsOf(left)).toEqual([]);
    await expectSameFilm(output, await referenceBy(newest, scene, 3));
    expect(await lab.leftovers()).toEqual(nothing);
  });
});
