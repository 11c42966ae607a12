import { once } from "node:events";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pixelsOf } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { completion } from "../support/lab/lab-results.ts";
import { nodeScripts, runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

/** The blendfiles of scenes/hostile.py that a job can render. */
const hostile = ["programs", "layer", "outputs", "strips", "caches", "linked_caches", "fluids"];
const nothing = { processes: [], files: [] };

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s",
  (_, blender) => {
    beforeAll(requireBuild);

    test("runs none of the programs in a blendfile, and changes nothing outside the run folder", async () => {
      const folder = await shortFolder();
      await makeBy(blender, "hostile.py", folder);
      const made = await stateOf(folder);
      await using lab = await VersionLab.open();
      await lab.startNode(blender, folder);

      for (const name of hostile) {
        // The fluid caches are missing: without this option the job would fail.
        const options = ["--frames", "1-3", "--missing", "warn"];
        const run = lab.coordinate([join(folder, `${name}.blend`), "-o", lab.path(`${name}.mp4`), ...options]);
        await completion(run);
        expect(differences(made, await stateOf(folder)), `${name}: ${run.story()}`).toEqual([]);
        const blocked = run.all("warning").filter(({ code }) => code === "SCRIPTS_BLOCKED");
        expect(blocked.length, name).toBe(name === "programs" || name === "strips" ? 1 : 0);
      }
      expect(await lab.leftovers()).toEqual(nothing);
    });

    test("renames no cache that claims to have had another name", async () => {
      const folder = await shortFolder();
      const told = await makeBy(blender, "renamed_cache.py", folder, nodeScripts);
      const kept = "['former_000009_00.bphys']";
      expect(told.match(/^beside .*/gm)).toEqual([`beside file: ${kept}`, `beside library: ${kept}`]);
    });

    test("opens no connection, shows no text file and waits for no pipe, but renders real movies and images as they are", async () => {
      const folder = await shortFolder();
      await using listener = await openListener();
      await makeBy(blender, "reaching.py", folder, String(listener.port));
      expect(listener.calls).toBeGreaterThan(0); // assigning such a path connects already
      listener.calls = 0;
      await using lab = await VersionLab.open();
      await lab.startNode(blender, folder);
      const render = async (name: string) => {
        const output = lab.path(`${name}.mp4`);
        const options = ["--frames", "2", "--missing", "warn"];
        const run = lab.coordinate([join(folder, `${name}.blend`), "-o", output, ...options]);
        await completion(run);
        const cleared = run.all("warning").filter(({ code }) => code === "PATHS_CLEARED");
        const pixels = await pixelsOf(`${output}.renderfarm/frames`, [2]);
        return { pixels, cleared: cleared.map(({ message }) => String(message)).join() };
      };

      const { cleared } = await render("network");
      expect(cleared).toContain(`Image 'image': http://127.0.0.1:${listener.port}/texture (a protocol, not a file)`);
      await render("views");
      const texts = await render("texts");
      expect(texts.cleared).toContain("secret.txt (a text)");
      expect(texts.pixels).toEqual((await render("blank")).pixels);
      expect((await render("pipes")).cleared).toContain("/dev/zero (not a regular file)");
      expect(listener.calls).toBe(0);

      for (const name of ["honest", "stereo"]) {
        const [file, pattern] = [join(folder, `${name}.blend`), join(folder, `${name}/frame_####`)];
        await runBlender(blender, folder, ["-b", file, "-noaudio", "-o", pattern, "-s", "2", "-e", "2", "-a"]);
        expect((await render(name)).pixels, name).toEqual(await pixelsOf(join(folder, name), [2]));
      }
      expect(await lab.leftovers()).toEqual(nothing);
    });

    test("renders simulations whose caches exist, and does not change the caches", async () => {
      const folder = await shortFolder();
      await makeBy(blender, "baked.py", folder);
      const made = await stateOf(folder);
      await using lab = await VersionLab.open();
      await lab.startNode(blender, folder);

      const output = lab.path("film.mp4");
      await completion(lab.coordinate([join(folder, "baked.blend"), "-o", output, "--frames", "2,4"]));

      const frames = [2, 4];
      const shown = await pixelsOf(`${output}.renderfarm/frames`, frames);
      expect(shown).toEqual(await pixelsOf(join(folder, "pictures"), frames));
      expect(differences(made, await stateOf(folder))).toEqual([]);

      const absent = await lab.coordinate([join(folder, "absent.blend"), "-o", lab.path("absent.mp4")]).end();
      expect(absent.last?.code).toBe("FARM_FILES_MISSING");
      const nodes = Number.parseFloat(blender.version) >= 4.3 ? ["//nodes"] : [];
      const folders = ["//blendcache_absent", ...nodes];
      expect(absent.stderr).toContain(`: ${folders.length} file`);
      for (const path of folders) expect(absent.stderr).toContain(`: ${path} (it does not exist)\n`);
      expect(absent.stderr).toContain("bake simulations before you save");
      expect(await lab.leftovers()).toEqual(nothing);
    });
  },
);

/** A folder with a short path: some paths in blendfiles have at most 63 bytes. Removed with the test. */
async function shortFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rf-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Closes every connection at once, and counts them. */
async function openListener(): Promise<AsyncDisposable & { readonly port: number; calls: number }> {
  const server = createServer((socket) => {
    listener.calls++;
    socket.on("error", () => {}).destroy();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const listener = {
    port,
    calls: 0,
    async [Symbol.asyncDispose]() {
      await once(server.close(), "close");
    },
  };
  return listener;
}

async function makeBy(blender: TestedBlender, recipe: string, folder: string, ...words: string[]): Promise<string> {
  const script = fileURLToPath(new URL(`../support/scenes/${recipe}`, import.meta.url));
  const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  return await runBlender(blender, folder, [...start, "-P", script, "--", folder, ...words]);
}

/** When each file and folder was last changed. */
async function stateOf(folder: string): Promise<Map<string, number>> {
  const names = await readdir(folder, { recursive: true });
  const facts = names.map(async (name) => [name, (await lstat(join(folder, name))).mtimeMs] as const);
  return new Map(await Promise.all(facts));
}

/** Names of the files that are new, gone or changed. */
function differences(before: Map<string, number>, after: Map<string, number>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
