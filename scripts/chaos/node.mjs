import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { projectFolder } from "../setup/tools.mjs";

/** A Blender on a busy machine takes its time. */
const startsWithinMs = 120_000;
const endsWithinMs = 30_000;

/**
 * @typedef {object} NodeOptions
 * @property {string} name
 * @property {string} folder of its own
 * @property {readonly string[]} on words that bring a program to its host
 * @property {string} blender
 * @property {Record<string, string>} environment
 * @property {(text: string) => void} complain
 */

/** One machine's render node: a real one, that may be killed and started again. What it prints is kept in a file. */
export class ChaosNode {
  /** Whether a fault is at work on it: then no other one begins there. */
  isBusy = false;
  /** Whether a fault keeps coordinators from using it. */
  isAway = false;
  name;
  cache;
  #options;
  /** @type {import("node:child_process").ChildProcess | undefined} `undefined` while it is not running */
  #child;
  /** @type {import("node:child_process").ChildProcess | undefined} the one whose end was our doing */
  #ending;

  /** @param {NodeOptions} options */
  constructor(options) {
    this.#options = options;
    this.name = options.name;
    this.cache = join(options.folder, "cache");
    mkdirSync(this.cache, { recursive: true });
  }

  /** `undefined` while it is not running. */
  get pid() {
    return this.isAlive ? this.#child?.pid : undefined;
  }

  get isAlive() {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Starts it and waits until it serves. A node that does not, or ends by itself, is complained of. */
  async start() {
    const { name, folder, on, blender, environment, complain } = this.#options;
    const ready = join(folder, "ready.json");
    rmSync(ready, { force: true });
    const script = join(projectFolder, "blender_scripts/main.py");
    const own = ["--cache-dir", this.cache, "--config-dir", join(folder, "config"), "--ready-file", ready];
    const more = ["--exit-with-stdin", "--allow-scripts", "--blender", blender];
    const [command = "", ...words] = [...on, "python3", script, "--name", name, ...own, ...more];
    // Into a file: a pipe that nobody empties would stop it once it is full.
    const output = openSync(this.#outputPath, "a");
    const child = spawn(command, words, {
      cwd: folder,
      env: environment,
      stdio: ["pipe", output, output],
      detached: true,
    });
    closeSync(output);
    child.on("error", (error) => complain(`node ${name} cannot be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      if (this.#ending !== child) complain(`node ${name} ended by itself with ${signal ?? code}:\n${this.tail()}`);
    });
    this.#child = child;
    const deadlineMs = performance.now() + startsWithinMs;
    while (!existsSync(ready)) {
      if (!this.isAlive) return;
      if (performance.now() > deadlineMs) {
        complain(`node ${name} was not ready within ${startsWithinMs / 1_000} s:\n${this.tail()}`);
        return;
      }
      await delay(50);
    }
  }

  /** Its slots live on for as long as they need to notice. */
  async kill() {
    const child = this.#child;
    if (child === undefined || !this.isAlive) return;
    this.#ending = child;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it as its owner does. A node that does not end well is complained of. */
  async stop() {
    const child = this.#child;
    if (child === undefined || !this.isAlive) return;
    this.#ending = child;
    const { name, complain } = this.#options;
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    child.stdin?.end();
    const timer = setTimeout(() => {
      complain(`node ${name} did not end within ${endsWithinMs / 1_000} s:\n${this.tail()}`);
      child.kill("SIGKILL");
    }, endsWithinMs);
    const status = await ended;
    clearTimeout(timer);
    if (status !== 0) complain(`node ${name} was told to end, and ended with ${status}:\n${this.tail()}`);
  }

  /** What it and its predecessors printed last. */
  tail() {
    return this.#output().trimEnd().split("\n").slice(-15).join("\n");
  }

  /** Errors of Python's that it printed: nothing that a fault does may bring one about. */
  get tracebacks() {
    return this.#output()
      .split(/^(?=Traceback |.*never retrieved)/m)
      .slice(1)
      .map((text) => text.slice(0, 2_000));
  }

  get #outputPath() {
    return join(this.#options.folder, "output.txt");
  }

  #output() {
    return existsSync(this.#outputPath) ? readFileSync(this.#outputPath, "utf8") : "";
  }
}
