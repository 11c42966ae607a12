import { execaSync } from "execa";
import { expect, test } from "vitest";
import { commandAfter, commandOf, commandToContinue, rememberCommand } from "../../src/cli/continue-command.ts";
import { FarmError, shellWord } from "../../src/index.ts";

/** The words that a POSIX shell makes of a command. */
function wordsOf(command: string): string[] {
  const { stdout } = execaSync("sh", ["-c", `printf '%s\\0' ${command}`]);
  return stdout.split("\0").slice(0, -1);
}

test("the whole command holds what was typed and answered, and nothing that was not", () => {
  const flags = {
    ...{ blend: "duck.blend", output: "films/", frames: "-10--1,3", assetRoot: ["/a b", "c"], overwrite: true },
    ...{ saveFarmspec: false, keepFrames: false, crf: 20, nodes: "attic:7447,wss://cellar:7448", fps: undefined },
  };
  expect(commandOf(flags, "renderfarm", "linux")).toBe(
    "renderfarm --blend duck.blend --output films/ --frames -10--1,3 --asset-root '/a b' --asset-root c " +
      "--nodes attic:7447,wss://cellar:7448 --no-save-farmspec --crf 20 --overwrite",
  );
});

test.skipIf(process.platform === "win32")("a shell reads every value as it was given, and runs nothing", () => {
  const odd = [
    'it\'s "5" $(touch gone) `id` %d',
    "日本 ä.mp4",
    "line\nbreak\\n 100%.mp4",
    "\u202egpj.mp4",
    "~/x",
    "*.mp4",
    "",
  ];
  for (const output of [...odd, "-o", "a;b", "a&b|c", "!x", "#x", "{a,b}", "=ls"]) {
    const command = commandOf({ blend: "-x.blend", output }, "renderfarm", "linux");
    expect(wordsOf(command)).toEqual(["renderfarm", "--blend", "-x.blend", "--output", output]);
    expect(command).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u); // it is shown on a terminal
  }
});

test("on Windows, double quotes hold what PowerShell or cmd would take apart, and no backslash escapes the last one", () => {
  const words = ["C:\\films\\duck.blend", "C:\\my films\\", "a:7447,b:7447", "1-24"];
  expect(words.map((word) => shellWord(word, "win32"))).toEqual([
    ...["C:\\films\\duck.blend", '"C:\\my films/"', '"a:7447,b:7447"', "1-24"],
  ]);
});

test("a job that has begun to render is continued without --fresh, which would throw its frames away", () => {
  const flags = { blend: "duck.blend", output: "duck.mp4", fresh: true };
  expect(commandToContinue(flags, false)).toContain("--fresh");
  expect(commandToContinue(flags, true)).not.toContain("--fresh");
});

test("after an error it is shown if the hint asks for the same command", () => {
  const errorWith = (hint: string) => new FarmError("FARM_BAD_INPUT", "Cannot render", hint);
  const [again, other] = [errorWith("Set a camera, and run the same command again"), errorWith("Give --overwrite")];
  for (const error of [again, other]) rememberCommand(error, "renderfarm --blend a");
  expect([again, other].map(commandAfter)).toEqual(["renderfarm --blend a", undefined]);
  expect(commandAfter(errorWith("Run the same command again"))).toBeUndefined();
});
