import { writeFile } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { WindowsMachine, windowsPath, windowsProblem } from "../support/windows-machine.ts";

describe.skipIf(skipBecause(windowsProblem ?? blenderLabProblem))("a fresh Windows", () => {
  let lab: FarmLab;
  let windows: WindowsMachine;
  /** A user's environment: folders where Windows puts them, and no key. */
  const usual = { RENDERFARM_KEY: "", RENDERFARM_CONFIG_DIR: "", RENDERFARM_CACHE_DIR: "" };

  beforeAll(requireBuild);
  beforeEach(async () => {
    lab = await FarmLab.open();
    windows = await WindowsMachine.open(lab);
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("makes a key, shows it, and stores it where Windows keeps such files", async () => {
    const none = await windows.renderfarm(["key"], usual);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("this machine has none") });
    const made = await windows.renderfarm(["key", "make"], usual);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining("\\AppData\\Roaming\\renderfarm\\") });
    const [, key] = /\n {4}(\S+)\n/.exec(made.stdout) ?? [];
    const shown = await windows.renderfarm(["key", "show", "--reveal"], usual);
    expect(shown.stdout).toContain(`  ${key}\n`);
    expect(await windows.renderfarm(["key", "make"], usual)).toMatchObject({ code: 2 });
  });

  test("doctor finds no problems except what is missing, and says how to open the firewall", async () => {
    const { code, stdout, stderr } = await windows.renderfarm(["doctor", "--json"], usual);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const findings = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { what: string; state: string; detail: string; fix?: string });
    const missing = findings.filter(({ state }) => state !== "good").map(({ what }) => what);
    expect(new Set(missing)).toEqual(new Set(["Encoders", "Blender", "Farm key", "Nodes", "Firewall"]));
    const firewall = findings.find(({ what }) => what === "Firewall");
    expect(firewall?.fix).toContain("netsh advfirewall firewall add rule");
  });

  test("the output of a launcher's own program arrives, and the program ends with the launcher", async () => {
    const launched = `setInterval(() => console.log("the real one " + process.pid), 100)`;
    const launcher = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(launched)}], { stdio: "inherit" })`;
    const script = `
      import { startProgram } from "${new URL("../../dist/system/programs/start-program.js", import.meta.url)}";
      import { endProgram } from "${new URL("../../dist/system/programs/end-program.js", import.meta.url)}";
      const child = startProgram(process.execPath, ["-e", ${JSON.stringify(launcher)}], { reject: false, buffer: false, stdin: "ignore" });
      const said = await new Promise((resolve) => child.stdout.once("data", (piece) => resolve(String(piece))));
      const isOver = await endProgram(child, child);
      const pid = Number(/the real one (\\d+)/.exec(said)?.[1]);
      let isAlive = true;
      for (let looks = 0; isAlive && looks < 50; looks++) {
        try { process.kill(pid, 0); } catch { isAlive = false; }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      console.log(JSON.stringify({ isOver, isAlive }));
    `.replaceAll("file:///", "file:///Z:/");
    const file = lab.path("launcher.mjs");
    await writeFile(file, script);
    const { stdout, stderr } = await windows.run([windows.node, windowsPath(file)]);
    expect({ stdout, stderr }).toEqual({ stdout: '{"isOver":true,"isAlive":false}\n', stderr: "" });
  });
});
