import { closeSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FrameLog } from "../../src/frames/frame-log.ts";
import { JobFolder } from "../../src/frames/job-folder.ts";
import { appendToOwnFile } from "../../src/system/files/own-file.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

/** Two user ids that no machine uses. */
const [colleague, otherUser] = [54_321, 54_322];

let share: TemporaryFolder;
let output: string;
let jobFolder: string;

beforeEach(async () => {
  share = await makeTemporaryFolder();
  output = join(share.path, "out.mp4");
  jobFolder = `${output}.renderfarm`;
});
afterEach(() => share[Symbol.asyncDispose]());

/** A job folder with the given mode, left by another user's render. */
async function leave(uid: number, mode: number): Promise<void> {
  const blend = join(share.path, "scene.blend");
  await writeFile(blend, "BLENDER-v304 and more");
  {
    await using folder = await JobFolder.open(output);
    const copy = await folder.keepBlend(blend);
    await folder.begin({ fingerprint: "print", blenderVersion: "3.4.1", blend: copy, settings: {}, isFresh: false });
    await writeFile(folder.framesLogPath, "");
    await writeFile(folder.logPath, "what happened\n");
  }
  for (const name of ["", ...(await readdir(jobFolder, { recursive: true }))])
    await chown(join(jobFolder, name), uid, uid);
  await chmod(jobFolder, mode);
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(skipBecause(isRoot ? undefined : "only root can give files away"))(
  "a job folder of another user",
  () => {
    test.each([0o700, 0o770, 0o777])("is continued on a share, where a colleague made it (%o)", async (mode) => {
      await chmod(share.path, 0o2775);
      await leave(colleague, mode);
      await using folder = await JobFolder.open(output);
      expect(folder.previous).toMatchObject({ run: 1 });
    });

    test("is refused in a world-writable folder, where anybody may have made it, and is not written to", async () => {
      await chmod(share.path, 0o1777); // like /tmp
      await leave(otherUser, 0o777);
      const before = [await readdir(jobFolder), (await lstat(jobFolder)).mtimeMs];
      await expect(JobFolder.open(output)).rejects.toMatchObject({
        code: "FARM_UNSAFE_PATH",
        message: expect.stringContaining("belongs to another user (uid 54322)"),
        hint: expect.stringContaining("--job-dir DIR"),
      });
      expect([await readdir(jobFolder), (await lstat(jobFolder)).mtimeMs]).toEqual(before);
      await using folder = await JobFolder.open(output, undefined, join(share.path, "mine"));
      expect(folder.previous).toBeNull();
    });

    test.each(["job.json", "frames.ndjson", "log.ndjson"])(
      "that is world-writable is refused for a %s that a third user put there",
      async (name) => {
        await leave(colleague, 0o777);
        await chown(join(jobFolder, name), otherUser, otherUser);
        const refusal = { code: "FARM_UNSAFE_PATH", message: expect.stringMatching(/another user \(uid 54322\)/) };
        await expect(open(name)).rejects.toMatchObject(refusal);
        await chmod(jobFolder, 0o775);
        await open(name); // members of a group trust each other
      },
    );
  },
);

/** Opens a file of the job folder the way a job does. */
async function open(name: string): Promise<void> {
  if (name === "log.ndjson") closeSync(appendToOwnFile(join(jobFolder, name)));
  else if (name === "job.json") await (await JobFolder.open(output))[Symbol.asyncDispose]();
  else await (await FrameLog.open(join(jobFolder, name)))[Symbol.asyncDispose]();
}

test("a job folder made in a world-writable folder is only for its owner", async () => {
  await mkdir(join(share.path, "tmp"), { mode: 0o1777 });
  await using folder = await JobFolder.open(join(share.path, "tmp", "out.mp4"));
  if (process.platform !== "win32") expect((await lstat(folder.path)).mode & 0o777).toBe(0o700);
  expect(await readFile(join(folder.path, "lock"), "utf8")).toContain(String(process.pid));
});
