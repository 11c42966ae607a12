import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileSources } from "../support/compile-sources.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

/** Answers of programs that take a while, and that SIGINT ends like the real ones. */
const answers = {
  ffmpeg: "ffmpeg version own-1.0",
  ffprobe: 'ffprobe version own-1.0\n{"streams":[{"nb_read_packets":"7"}]}',
  blender: "Blender 3.4.1",
};

test.skipIf(process.platform === "win32")(
  "Ctrl-C at the terminal does not reach the programs that are asked: they still answer",
  async () => {
    await using folder = await makeTemporaryFolder();
    const log = join(folder.path, "asked");
    for (const [name, answer] of Object.entries(answers)) {
      const json = answer.split("\n").at(-1);
      const text = `#!/bin/sh\necho ${name} >>${log}\nsleep 0.5\n[ "$1" = -version ] && echo "${answers[name as "ffmpeg"].split("\n")[0]}" || echo '${json}'\n`;
      await writeFile(join(folder.path, name), text, { mode: 0o755 });
    }
    const program = await compileSources("test/encode/asks-programs.mjs", join(folder.path, "program"));
    const asked = ["ffmpeg", "ffprobe", "ffprobe", "blender"];
    const args = [program, join(folder.path, "ffmpeg"), join(folder.path, "blender"), "a.mp4"];
    // In its own process group, as a shell starts each job.
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(child, "close");
    const askedSoFar = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").length - 1;
    for (let count = 1; count <= asked.length; count++) {
      await waitFor(
        async () => child.exitCode !== null || (await askedSoFar()) >= count,
        `${count} programs to be asked`,
      );
      if (child.exitCode === null) process.kill(-(child.pid ?? 0), "SIGINT");
    }
    await ended;
    expect((await readFile(log, "utf8")).trim().split("\n")).toEqual(asked);
    expect(JSON.parse(said)).toEqual({ version: "own-1.0", packets: 7, blender: "3.4.1" });
  },
);
