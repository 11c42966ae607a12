import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openKey } from "../../dist/core/farm-key.js";
import { NodeSession } from "../../dist/session/node-session.js";
import { dialWebSocket } from "../../dist/session/websocket-link.js";
import { findPython, projectFolder } from "../setup/tools.mjs";

const startsWithinMs = 60_000;

/**
 * Starts a real node, in a process of its own that renders nothing, and connects to it.
 *
 * @param {string} folder for its cache
 * @param {string} name
 */
export async function startNode(folder, name) {
  const own = join(folder, name);
  await mkdir(own);
  const readyFile = join(own, "ready.json");
  const places = ["--cache-dir", join(own, "cache"), "--config-dir", join(own, "config"), "--ready-file", readyFile];
  const words = ["--open", "--no-mdns", "--host", "127.0.0.1", "--port", "0", "--allow-sleep", "--exit-with-stdin"];
  const script = join(projectFolder, "blender_scripts/main.py");
  const child = spawn(await findPython(), [script, "--name", name, ...words, ...places], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data) => {
    said = (said + data).slice(-2_000);
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (let waitedMs = 0; !existsSync(readyFile); waitedMs += 50) {
    if (child.exitCode !== null || waitedMs > startsWithinMs) throw new Error(`The node did not start: ${said}`);
    await delay(50);
  }
  const { port } = JSON.parse(readFileSync(readyFile, "utf8"));
  const signal = new AbortController().signal;
  const link = await dialWebSocket({ host: "127.0.0.1", port }, signal, undefined);
  const session = await NodeSession.open({ link, chooseKey: () => openKey, onReport: () => {}, signal });
  return {
    session,
    /** Its largest memory so far, in bytes. */
    peakBytes: () => peakOf(child.pid ?? 0),
    cacheFolder: join(own, "cache"),
    async close() {
      await session[Symbol.asyncDispose]();
      child.stdin.end();
      await ended;
    },
  };
}

/** The largest memory of a process so far, in bytes. @param {number} pid */
export function peakOf(pid) {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? 0) * 1024;
}
