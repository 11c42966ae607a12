import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

/** A terminal of 80×24 in a lab with these blendfiles, and the question about the blendfile on its screen. */
async function openQuestion(...blends: string[]) {
  const lab = await TerminalLab.open();
  const terminal = await TmuxTerminal.open({ columns: 80, rows: 24 });
  for (const name of blends) await lab.makeBlend(name);
  const until = (wanted: RegExp) => terminal.until(String(wanted), (screen) => wanted.test(screen));
  const ask = async () => {
    await lab.type(terminal, ["--nodes", "127.0.0.1:1"]);
    return await until(/^\? Blendfile/m);
  };
  const close = async () => {
    await terminal[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  };
  return { lab, terminal, until, ask, [Symbol.asyncDispose]: close };
}

/** What a terminal types when a file is dragged into it. */
const dragged = [
  ["in quotes, as on Linux", (path: string) => `'${path.replaceAll("'", "'\\''")}' `],
  ["with backslashes, as on macOS", (path: string) => `${path.replace(/[ '()]/g, "\\$&")} `],
] as const;

describe.skipIf(noTmux !== null)("in the question about the blendfile,", { concurrent: true, timeout: 60_000 }, () => {
  test("a typed path lists its folder, Tab and Enter go into folders, and ~ is the home folder", async () => {
    await using session = await openQuestion("films/duck.blend", "films/winter/snow.blend", "films/.hidden/old.blend");
    const { lab, terminal, until, ask } = session;
    await writeFile(lab.path("films/notes.txt"), "no blendfile");
    await ask();
    const films = `~/${basename(lab.path())}/films`; // the lab's home holds its folder
    const shows = (line: string) => new RegExp(`^${line}$`, "m");
    await terminal.typeText(films.slice(0, -3));
    await until(shows(`❯ ${films}/`));
    await terminal.press("Enter");
    const listed = await until(shows(`❯ ${films}/duck\\.blend`));
    expect(listed).toMatch(shows(`  ${films}/winter/`));
    expect(listed).not.toMatch(/hidden|notes/);
    expect(listed).toMatch(/tab complete$/m);
    await terminal.press("Down");
    await until(shows(`❯ ${films}/winter/`));
    await terminal.press("Tab");
    await until(shows(`❯ ${films}/winter/snow\\.blend`));
    await terminal.press("Enter");
    await until(/^\? Output \(films\/winter\/snow\.mp4\)/m);
  });

  test("a folder without blendfiles says so, here and in a typed path", async () => {
    await using session = await openQuestion();
    const { lab, terminal, until, ask } = session;
    await mkdir(lab.path("empty"));
    await ask();
    await until(/^ No blendfile in this folder or below/m);
    await terminal.typeText("duck");
    await until(/^ No blendfile here has that in its name/m);
    for (let letter = 0; letter < 4; letter += 1) await terminal.press("BSpace");
    await terminal.typeText("empty/");
    await until(/^ No blendfile in empty\/$/m);
    await terminal.typeText("du");
    await until(/^ Nothing in empty\/ begins with du$/m);
    await terminal.press("Enter"); // there is nothing to choose
    await until(/^ Nothing in empty\/ begins with du$/m);
    await terminal.typeText("/");
    await until(/^ There is no folder empty\/du\/ that can be read$/m);
  });

  test("a file that is no blendfile is refused with the reason, and another one can be chosen", async () => {
    await using session = await openQuestion("duck.blend");
    const { lab, terminal, until, ask } = session;
    await writeFile(lab.path("text.blend"), "a text, whatever its name says");
    await ask();
    await terminal.typeText("text");
    await until(/^❯ text\.blend$/m);
    await terminal.press("Enter");
    await until(/^ Cannot use text\.blend as a blendfile: it has no Blender header$/m);
    await terminal.typeText("/");
    await until(/^ There is no folder text\.blend\/ that can be read$/m);
    await terminal.press("Enter");
    for (let letter = 0; letter < "text.blend/".length; letter += 1) await terminal.press("BSpace");
    await terminal.typeText("duck");
    await until(/^❯ duck\.blend$/m);
    await terminal.press("Enter");
    await until(/^\? Output \(duck\.mp4\)/m);
  });

  test.each(dragged)("a dragged file is taken: %s; and so is an output", async (_, asDragged) => {
    await using session = await openQuestion("My films/Ada's (2).blend");
    const { lab, terminal, until, ask } = session;
    await ask();
    await terminal.typeText(asDragged(lab.path("My films/Ada's (2).blend")));
    await until(/^❯ \/.*Ada's \(2\)\.blend$/m);
    await terminal.press("Enter");
    await until(/^\? Output \(My films\/Ada's \(2\)\.mp4\)/m);
    await writeFile(lab.path("My films/old.mp4"), "precious");
    await terminal.typeText(asDragged(lab.path("My films/old.mp4")));
    await terminal.press("Enter");
    await until(/old\.mp4 exists\. Replace it\?/);
    await terminal.press("Enter");
    await until(/^\? Output \(.*old-2\.mp4\)/m);
    await terminal.typeText("~/film.mp4");
    await writeFile(join(lab.path(), "..", "film.mp4"), "precious"); // in the lab's home
    await terminal.press("Enter");
    await until(/film\.mp4 exists\. Replace it\?/);
  });
});
