import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { notifyDesktop } from "../../../src/system/programs/desktop-notification.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const desktop = { DISPLAY: ":0" };
/** A film's name, which somebody else may have chosen. */
const hostile = `$(touch owned) \`touch owned\` "; touch owned; ' <b>a & b</b> -e quit`;
const notification = { title: "renderfarm: done", text: `24 frames: ${hostile}` };

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  vi.stubEnv("PATH", `${folder.path}:${process.env.PATH}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder[Symbol.asyncDispose]();
});

/** Puts a program into PATH that writes down how it was called. */
async function put(program: string, script: string): Promise<() => Promise<string>> {
  const path = join(folder.path, program);
  const written = join(folder.path, "written");
  await writeFile(path, `#!/bin/sh\ncd '${folder.path}'\n${script}\n`);
  await chmod(path, 0o755);
  return () => readFile(written, "utf8").catch(() => "");
}

const argumentsOnly = `printf '%s\\n' "$@" > written`;

describe.skipIf(process.platform === "win32")("a notification", () => {
  test("is shown by notify-send on Linux, with its text as an argument that is no markup", async () => {
    const written = await put("notify-send", argumentsOnly);
    await notifyDesktop(notification, { platform: "linux", environment: desktop });
    const text = notification.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    expect(await written()).toBe(["--app-name=renderfarm", "--", notification.title, text, ""].join("\n"));
  });

  test("is shown by osascript on macOS, with its text as an argument and not in the script", async () => {
    const written = await put("osascript", argumentsOnly);
    await notifyDesktop(notification, { platform: "darwin", environment: {} });
    const words = (await written()).split("\n");
    expect(words.slice(-3)).toEqual([notification.title, notification.text, ""]);
    expect(words.slice(0, -3).join()).not.toContain("owned");
  });

  test("is shown by PowerShell on Windows, with its text in a variable and not in the script", async () => {
    const variables = `"$RENDERFARM_NOTIFICATION_TITLE" "$RENDERFARM_NOTIFICATION_TEXT"`;
    const written = await put("powershell", `printf '%s\\n' ${variables} "$@" > written`);
    await notifyDesktop(notification, { platform: "win32", environment: {} });
    const [title, text, ...words] = (await written()).trimEnd().split("\n");
    expect([title, text]).toEqual([notification.title, notification.text]);
    const script = Buffer.from(words.at(-1) ?? "", "base64").toString("utf16le");
    expect(script).toContain("ToastNotificationManager");
    expect([...words, script].join()).not.toContain("owned");
  });

  test("is not shown without a desktop, and neither a missing nor a failing program is a problem", async () => {
    await notifyDesktop(notification, { platform: "darwin", environment: {} });
    const written = await put("notify-send", `${argumentsOnly}; exit 1`);
    await notifyDesktop(notification, { platform: "linux", environment: { DISPLAY: "" } });
    expect(await written()).toBe("");
    await notifyDesktop(notification, { platform: "linux", environment: { WAYLAND_DISPLAY: "wayland-0" } });
    expect(await written()).toContain(notification.title);
  });
});
