import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { projectFolder } from "../setup/tools.mjs";
import { Network } from "./network.mjs";
import { markVariable, processesOf, send } from "./processes.mjs";

const run = promisify(execFile);
const startsWithinMs = 60_000;

/** Enough that a node takes blendfiles: it keeps a quarter of a gigabyte free. Only what is written takes memory. */
const cacheMegabytes = 320;

/**
 * @typedef {object} ChaosNode
 * @property {string} name
 * @property {import("node:child_process").ChildProcess | undefined} child `undefined` while it is not running
 * @property {boolean} isBusy whether a fault is at work on it: then no other one begins there
 */

/** Four nodes and a desk on a network of their own, real programs on each, and what faults can do to them. */
export class ChaosFarm {
  /** @type {ChaosNode[]} */
  nodes = [];
  network;
  #mark;
  #folder;
  #blender;
  #key;
  /** @type {Set<string>} */
  #mounts = new Set();

  /** @param {{mark: string, folder: string, blender: string, key: string}} options */
  constructor({ mark, folder, blender, key }) {
    this.#mark = mark;
    this.#folder = folder;
    this.#blender = blender;
    this.#key = key;
    this.network = new Network(`rc${mark.slice(0, 5)}`);
  }

  get temporary() {
    return join(this.#folder, "tmp");
  }

  /** @param {string[]} names */
  async open(names) {
    mkdirSync(this.temporary, { recursive: true });
    await this.network.open();
    await this.network.plugIn("desk");
    this.nodes = names.map((name) => ({ name, child: undefined, isBusy: false }));
    for (const { name } of this.nodes) {
      await this.network.plugIn(name);
      const cache = this.#cache(name);
      mkdirSync(cache, { recursive: true });
      await run("mount", ["-t", "tmpfs", "-o", `size=${cacheMegabytes}m`, "renderfarm-chaos", cache]);
      this.#mounts.add(cache);
    }
    await Promise.all(this.nodes.map((node) => this.start(node)));
  }

  /** Starts a node and waits until it serves. @param {ChaosNode} node */
  async start(node) {
    const folder = join(this.#folder, node.name);
    const ready = join(folder, "ready.json");
    rmSync(ready, { force: true });
    const script = join(projectFolder, "blender_scripts/main.py");
    const own = ["--cache-dir", this.#cache(node.name), "--config-dir", join(folder, "config")];
    const options = [
      "--name",
      node.name,
      ...own,
      "--ready-file",
      ready,
      "--exit-with-stdin",
      "--blender",
      this.#blender,
    ];
    const child = this.#spawn([...this.network.on(node.name), "python3", script, ...options]);
    node.child = child;
    const deadline = Date.now() + startsWithinMs;
    while (!existsSync(ready)) {
      if (child.exitCode !== null || child.signalCode !== null) return; // another fault was quicker
      if (Date.now() > deadline) throw new Error(`The node '${node.name}' did not become ready`);
      await delay(50);
    }
  }

  /** Kills a node, its slots live on for as long as they need to notice. @param {ChaosNode} node */
  async kill(node) {
    const { child } = node;
    node.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends a node as its owner does. @param {ChaosNode} node */
  async stop(node) {
    const { child } = node;
    node.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(timer);
  }

  /** The Blenders in which a node renders. @param {ChaosNode} node */
  slots(node) {
    const pid = node.child?.pid;
    return processesOf(this.#mark).filter(({ parent, command }) => parent === pid && command.includes("slot_main"));
  }

  /** The running encoders. */
  encoders() {
    return processesOf(this.#mark).filter(({ command }) => /^(\S*\/)?ffmpeg .* -i /.test(command));
  }

  /** Starts the command line on the desk. @param {string[]} args */
  coordinate(args) {
    const program = join(projectFolder, "dist/cli/main.js");
    const child = this.#spawn([...this.network.on("desk"), process.execPath, program, ...args, "--json"]);
    /** @type {Record<string, unknown>[]} */
    const events = [];
    let stderr = "";
    child.stderr?.on("data", (piece) => {
      stderr = (stderr + piece).slice(-4_000);
    });
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const event = JSON.parse(line);
        if (event.type !== "job:progressed" && event.type !== "frame:progressed") events.push(event);
      });
    }
    /** @type {Promise<{code: number | null, stderr: string}>} */
    const ended = new Promise((resolve) => child.once("close", (code) => resolve({ code, stderr })));
    return { child, events, ended };
  }

  /** Leaves no byte free where a node keeps its files. @param {ChaosNode} node */
  async fillDisk(node) {
    const filler = join(this.#cache(node.name), "filler");
    await run("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"]).catch(() => {}); // it ends when the disk is full
    return () => rmSync(filler, { force: true });
  }

  /** Forgets all that a node has received. @param {ChaosNode} node */
  emptyCache(node) {
    for (const name of ["blobs", "parts"]) rmSync(join(this.#cache(node.name), name), { recursive: true, force: true });
  }

  /** What nodes that have ended left in their caches. */
  leftovers() {
    return this.nodes.flatMap(({ name }) => {
      const runs = join(this.#cache(name), "runs");
      return existsSync(runs) ? [runs] : [];
    });
  }

  /** Ends everything, whatever state it is in. Idempotent. */
  async close() {
    for (const { pid } of processesOf(this.#mark)) send(pid, "SIGKILL");
    for (let tries = 0; processesOf(this.#mark).length > 0 && tries < 100; tries += 1) await delay(50);
    for (const mount of this.#mounts) await run("umount", ["-l", mount]).catch(() => {});
    this.#mounts.clear();
    await this.network.close();
  }

  /** @param {string} name */
  #cache(name) {
    return join(this.#folder, name, "cache");
  }

  /** @param {string[]} words */
  #spawn([command = "", ...args]) {
    return spawn(command, args, {
      cwd: this.#folder,
      env: this.environment(),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    }).on("error", () => {});
  }

  /** Of every program of the run: nothing of ours reaches them by accident. @returns {Record<string, string>} */
  environment() {
    return {
      PATH: process.env.PATH ?? "",
      HOME: this.#folder,
      LANG: "C.UTF-8",
      TMPDIR: this.temporary,
      RENDERFARM_KEY: this.#key,
      RENDERFARM_CONFIG_DIR: join(this.#folder, "desk/config"),
      RENDERFARM_CACHE_DIR: join(this.#folder, "desk/cache"),
      [markVariable]: this.#mark,
    };
  }
}

/** @param {string} file */
export const readLines = (file) =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
