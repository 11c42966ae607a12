import { expect, test } from "vitest";
import { examineFirewall } from "../../../src/farm/doctor/examine-firewall.ts";

/** A system whose programs print this. */
const system = (platform: NodeJS.Platform, stdout: string, failed = false) => {
  const asked: string[] = [];
  const ask = async (program: string, args: readonly string[]) => {
    asked.push([program, ...args].join(" "));
    return { stdout, failed };
  };
  return { platform, ask, asked };
};

test("on Windows it checks for the rule that lets nodes be found, and gives the command if there is none", async () => {
  const without = system("win32", "Es stimmen keine Regeln mit den angegebenen Kriterien \u00fcberein.", true);
  const finding = await examineFirewall(without);
  expect(finding).toMatchObject({ state: "warning", detail: expect.stringContaining("TCP 7447") });
  expect(finding.fix).toMatch(
    /netsh advfirewall firewall add rule .*protocol=TCP localport=7447.*protocol=UDP localport=5353/,
  );
  const withRule = system("win32", "Regelname:                            renderfarm\n----");
  expect(await examineFirewall(withRule)).toMatchObject({ state: "good" });
  expect(withRule.asked).toEqual(["netsh advfirewall firewall show rule name=renderfarm"]);
});

test("on macOS it checks the firewall, and names the permission that no program can check", async () => {
  const on = await examineFirewall(system("darwin", "Firewall is enabled. (State = 1)"));
  expect(on).toMatchObject({ state: "warning", fix: expect.stringContaining("Local Network") });
  const off = await examineFirewall(system("darwin", "Firewall is disabled. (State = 0)"));
  expect(off).toMatchObject({ state: "good", detail: expect.stringMatching(/it is off.*Local Network/) });
  const unseen = await examineFirewall(system("darwin", "", true));
  expect(unseen).toMatchObject({
    state: "good",
    detail: expect.stringMatching(/cannot be checked here.*Local Network/),
  });
});
