import { execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { projectFolder } from "../setup/tools.mjs";
import { WallClock } from "./clock.mjs";
import { Coordinator } from "./coordinator.mjs";
import { Network } from "./network.mjs";
import { ChaosNode } from "./node.mjs";
import { markVariable, processesOf, send } from "./processes.mjs";
import { Spans } from "./spans.mjs";

const run = promisify(execFile);

/** Enough that a node takes blendfiles: it keeps a quarter of a gigabyte free. Only what is written takes memory. */
const cacheMegabytes = 320;
/** For the job folders of a whole run. */
const filmsMegabytes = 64;
/** For a while after a node is back, those who have just looked for it did so in vain. */
const awayGraceMs = 5_000;

/** @typedef {import("./coordinator.mjs").Heard} Heard */

/** Four nodes and a desk on a network of their own, real programs on each, and what faults can do to them. */
export class ChaosFarm {
  /** @type {ChaosNode[]} */
  nodes = [];
  /** When no node could be used. */
  allAway = new Spans(awayGraceMs);
  /** When there was no room for frames and videos. */
  diskFull = new Spans();
  network;
  /** @type {WallClock | undefined} the desk's, where it can be set */
  clock;
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
    for (const place of [this.temporary, this.films]) mkdirSync(place, { recursive: true });
  }

  /** Where every program of the run puts its temporary files. */
  get temporary() {
    return join(this.#folder, "tmp");
  }

  /** Where the films are made: a disk of its own, which can be full. */
  get films() {
    return join(this.#folder, "films");
  }

  /** What nodes on this machine keep. */
  get deskCache() {
    return join(this.#folder, "desk/cache");
  }

  /** @param {readonly string[]} names @param {(text: string) => void} complain */
  async open(names, complain) {
    await this.#mount(this.films, filmsMegabytes);
    await this.network.open();
    await this.network.plugIn("desk");
    if (WallClock.isThere) this.clock = new WallClock(join(this.#folder, "desk-clock"));
    const [blender, environment] = [this.#blender, this.environment()];
    // libfaketime stops Blender at its start: what the desk starts must be without it.
    writeFileSync(this.#deskBlender, `#!/bin/sh\nunset LD_PRELOAD\nexec '${blender}' "$@"\n`, { mode: 0o755 });
    this.nodes = names.map((name) => {
      const [folder, on] = [join(this.#folder, name), this.network.on(name)];
      return new ChaosNode({ name, folder, on, blender, environment, complain });
    });
    for (const { name, cache } of this.nodes) {
      await this.network.plugIn(name);
      await this.#mount(cache, cacheMegabytes);
    }
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /** Does what keeps these nodes from being used. @param {readonly ChaosNode[]} nodes @param {() => Promise<void>} work */
  async whileAway(nodes, work) {
    for (const node of nodes) node.isAway = true;
    this.#noteAway();
    try {
      await work();
    } finally {
      for (const node of nodes) node.isAway = false;
      this.#noteAway();
    }
  }

  /** The Blenders in which a node renders. @param {ChaosNode} node */
  slots(node) {
    const { pid } = node;
    return processesOf(this.#mark).filter(({ parent, command }) => parent === pid && command.includes("slot_main"));
  }

  /** The running encoders of a video. @param {string} output */
  encodersOf(output) {
    const part = `/.${basename(output)}.`;
    return processesOf(this.#mark).filter(({ command }) => /^(\S*\/)?ffmpeg /.test(command) && command.includes(part));
  }

  processes() {
    return processesOf(this.#mark);
  }

  /** Starts the command line on the desk. @param {readonly string[]} args @param {(event: Heard) => void} onEvent */
  coordinate(args, onEvent) {
    const program = join(projectFolder, "dist/cli/main.js");
    const on = [...this.network.on("desk"), ...(this.clock?.words ?? [])];
    const [command = "", ...words] = [...on, process.execPath, program, ...args, "--blender", this.#deskBlender];
    const child = spawn(command, [...words, "--json"], {
      cwd: this.#folder,
      env: this.environment(),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    return new Coordinator(child, onEvent);
  }

  /** Names of the nodes that the command line finds on the network. */
  async nodesFound() {
    const program = join(projectFolder, "dist/cli/main.js");
    const [command = "", ...words] = [...this.network.on("desk"), process.execPath, program, "nodes", "--json"];
    const options = { env: this.environment(), cwd: this.#folder, timeout: 60_000 };
    const { stdout } = await run(command, words, options).catch((error) => ({ stdout: String(error.stdout) }));
    return stdout.split("\n").flatMap((line) => /"name":"(\w+)"/.exec(line)?.[1] ?? []);
  }

  /** Leaves no byte free where a node keeps its files. @param {ChaosNode} node @returns {Promise<() => void>} undoes it */
  async fillNode({ cache }) {
    return await fill(cache);
  }

  /** Leaves no byte free where the films are made. @returns {Promise<() => void>} undoes it */
  async fillDesk() {
    this.diskFull.set(true);
    const empty = await fill(this.films);
    return () => {
      empty();
      this.diskFull.set(false);
    };
  }

  /** Forgets all that a node has received. @param {ChaosNode} node */
  emptyCache({ cache }) {
    for (const name of ["blobs", "parts"]) rmSync(join(cache, "renderfarm", name), { recursive: true, force: true });
  }

  /** Ends everything, whatever state it is in. Idempotent. */
  async close() {
    for (let tries = 0; processesOf(this.#mark).length > 0 && tries < 100; tries += 1) {
      for (const { pid } of processesOf(this.#mark)) send(pid, "SIGKILL");
      await delay(50);
    }
    for (const mount of this.#mounts) await run("umount", ["-l", mount]).catch(() => {});
    this.#mounts.clear();
    await this.network.close();
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
      RENDERFARM_CACHE_DIR: this.deskCache,
      [markVariable]: this.#mark,
    };
  }

  get #deskBlender() {
    return join(this.#folder, "desk-blender");
  }

  #noteAway() {
    this.allAway.set(this.nodes.every(({ isAway }) => isAway));
  }

  /** @param {string} folder @param {number} megabytes */
  async #mount(folder, megabytes) {
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "renderfarm-chaos", folder]);
    this.#mounts.add(folder);
  }
}

/** @param {string} folder */
async function fill(folder) {
  const filler = join(folder, "filler");
  // In ever smaller pieces; each ends when the next one has no room.
  for (const size of ["1M", "4k", "1"]) {
    const append = ["if=/dev/zero", `of=${filler}`, `bs=${size}`, "oflag=append", "conv=notrunc"];
    await run("dd", append).catch(() => {});
  }
  return () => rmSync(filler, { force: true });
}
