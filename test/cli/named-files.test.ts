import { mkdir } from "node:fs/promises";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";

const usual = ["scene.blend", "-o", "film.mp4"];

interface Case {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Path of the pipe, if not `pipe`. */
  readonly pipe?: (lab: TerminalLab) => string;
  readonly code: string;
  readonly why: RegExp;
}

const cases: Record<string, Case> = {
  "a blendfile": { args: ["pipe", "-o", "film.mp4"], code: "FARM_NOT_A_BLEND", why: /pipe.*it is a named pipe/ },
  "a device as a blendfile": { args: ["/dev/zero", "-o", "film.mp4"], code: "FARM_NOT_A_BLEND", why: /it is a device/ },
  "a farmspec": { args: [...usual, "--farmspec", "pipe"], code: "FARM_BAD_INPUT", why: /'.*pipe': it is a named pipe/ },
  "a farmspec named in the environment": {
    ...{ args: usual, env: { RENDERFARM_FARMSPEC: "pipe" }, code: "FARM_BAD_INPUT", why: /it is a named pipe/ },
  },
  "the farmspec of the working folder": {
    ...{ args: usual, pipe: (lab) => lab.path("farmspec.json") },
    ...{ code: "FARM_BAD_INPUT", why: /farmspec\.json': it is a named pipe/ },
  },
  "a key file": {
    ...{ args: [...usual, "--key-file", "pipe"], code: "FARM_KEY_UNUSABLE", why: /'pipe': it is a named pipe/ },
  },
  "a device as a key file": {
    ...{ args: [...usual, "--key-file", "/dev/zero"], code: "FARM_KEY_UNUSABLE", why: /it is a device/ },
  },
  "the key in the config folder": {
    ...{ args: usual, pipe: (lab) => `${lab.configFolder}/key` },
    ...{ code: "FARM_KEY_UNUSABLE", why: /key': it is a named pipe/ },
  },
  "the known nodes in the config folder": {
    ...{ args: [...usual, "--nodes", "127.0.0.1:1"], pipe: (lab) => `${lab.configFolder}/known-nodes.json` },
    ...{ code: "FARM_BAD_INPUT", why: /known-nodes\.json.*it is a named pipe/ },
  },
  "authorities for TLS": {
    ...{ args: [...usual, "--tls-ca", "pipe", "--nodes", "127.0.0.1:1"], code: "FARM_BAD_INPUT" },
    why: /pipe': it is a named pipe/,
  },
  "a job folder to encode": { args: ["encode", "pipe"], code: "FARM_BAD_INPUT", why: /Cannot find a job/ },
  "a job folder to report on": { args: ["report", "pipe"], code: "FARM_BAD_INPUT", why: /not a job folder/ },
};

/** Opening a named pipe blocks until another program writes to it, and none does here. */
describe.skipIf(process.platform === "win32")(
  "if it is a named pipe or a device, this is refused at once:",
  { concurrent: true },
  () => {
    test.each(Object.entries(cases))("%s", async (_, { args, env = {}, pipe, code, why }) => {
      await using lab = await TerminalLab.open();
      await lab.makeBlend("scene.blend");
      await mkdir(lab.configFolder, { recursive: true });
      await execa("mkfifo", [pipe?.(lab) ?? lab.path("pipe")]);
      const before = await lab.listing();

      const running = lab.renderfarm([...args, "--json"], { env });
      const giveUp = setTimeout(() => running.kill("SIGKILL"), 20_000); // while it blocks it does not handle SIGTERM
      const { exitCode, stdout, stderr } = await running;
      clearTimeout(giveUp);

      expect(stderr).toMatch(why);
      expect(stderr).toMatch(/\n {2}./); // what to do
      expect(exitCode).toBe(2);
      if (stdout !== "")
        expect(JSON.parse(stdout.split("\n").at(-1) ?? "")).toMatchObject({ type: "job:failed", code });
      expect(await lab.listing()).toEqual(before);
    });
  },
);
