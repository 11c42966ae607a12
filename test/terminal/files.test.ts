import { mkdir, writeFile } from "node:fs/promises";
import { dirname, posix } from "node:path";
import { describe, expect, test } from "vitest";
import type { FromCoordinator, FromNode } from "../../src/session/protocol.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const png = (text: string) => Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from(text)]);

type Load = Extract<FromCoordinator, { type: "job-load" }>;

/** A terminal, pictures, a blendfile that names one of them by `path`, and an open node that misses it until it is sent. */
async function openTerminal(path: string, pictures: readonly string[]) {
  const lab = await TerminalLab.open();
  const terminal = await TmuxTerminal.open({ columns: 100, rows: 30 });
  for (const name of ["film/shots/shot.blend", ...pictures]) await mkdir(dirname(lab.path(name)), { recursive: true });
  for (const name of pictures) await writeFile(lab.path(name), png(name));
  await writeFile(lab.path("film/shots/shot.blend"), `BLENDER-v304\0${path}\0`);
  const { node, at } = await lab.serve({ key: null });
  const load = () => node.heard.findLast((message): message is Load => message.type === "job-load");
  /** The files that it was told of, and where paths lead instead. */
  const told = (): { files: { path: string }[]; moved: { from: string; path: string }[] } => {
    const list = node.blobs.get(load()?.files ?? "");
    return list === undefined ? { files: [], moved: [] } : JSON.parse(list.toString());
  };
  node.options.say = (message: FromNode) => {
    if (message.type !== "job-loaded") return [message];
    const place = path.startsWith("//") ? posix.join(posix.dirname(load()?.path ?? ""), path.slice(2)) : null;
    const { files, moved } = told();
    const isThere = files.some((file) => file.path === place) || moved.some(({ from }) => from === path);
    const reference = { kind: "image", owner: "Image 'wood'", path, at: place, missing: !isThere };
    return [{ ...message, scene: { ...message.scene, references: [reference] } }];
  };
  const asks = (question: RegExp) => terminal.until(String(question), (screen) => question.test(screen));
  const render = () =>
    lab.type(terminal, ["film/shots/shot.blend", "-o", "film.mp4", "--nodes", at, "--plain", "--overwrite"]);
  const close = async () => {
    await terminal[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  };
  return { lab, terminal, told, render, asks, ended: () => lab.ended(terminal), [Symbol.asyncDispose]: close };
}

describe.skipIf(noTmux !== null)(
  "questions about files in a real terminal:",
  { concurrent: true, timeout: 60_000 },
  () => {
    test("a picture outside the project is sent if the answer is yes; Enter alone means no", async () => {
      await using session = await openTerminal("//../tex/wood.png", ["film/tex/wood.png"]);
      const { lab, terminal, told, render, asks, ended } = session;
      const question = new RegExp(
        `^\\? Send the files that the scene uses in ${lab.path("film")}\\s+too\\? \\(y/N\\)`,
        "m",
      );
      await render();
      expect(await asks(question)).toMatch(/Image 'wood': \/\/\.\.\/tex\/wood\.png \(it is outside the project/);
      await terminal.press("Enter");
      expect(await ended()).not.toBe(0);
      expect(told().files).toEqual([]);

      await render();
      await asks(question);
      await terminal.typeText("y");
      await terminal.press("Enter");
      expect(await ended()).toBe(0);
      expect(told().files).toMatchObject([{ path: "tex/wood.png" }]);
    });

    test("of several pictures that a path could mean, the chosen one is sent", async () => {
      const path = "C:\\maps\\wood.png";
      await using session = await openTerminal(path, ["film/shots/one/wood.png", "film/shots/two/wood.png"]);
      const { terminal, told, render, asks, ended } = session;
      const question = /^\? Which file is C:\\maps\\wood\.png\?/m;
      await render();
      expect(await asks(question)).toMatch(/two\/wood\.png\n.*None of these/);
      await terminal.press("Down");
      await terminal.press("Down");
      await terminal.press("Enter");
      expect(await ended()).not.toBe(0);

      await render();
      await asks(question);
      await terminal.press("Down");
      await asks(/❯ .*two\/wood\.png/);
      await terminal.press("Enter");
      expect(await ended()).toBe(0);
      expect(told().moved).toEqual([{ from: path, path: "two/wood.png" }]);
      expect(await terminal.screen()).toMatch(
        /Warning: C:\\maps\\wood\.png is not on this machine: two\/wood\.png was used/,
      );
    });
  },
);
