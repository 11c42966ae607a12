import { createInterface } from "node:readline";

/**
 * @typedef {object} End
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {Heard | undefined} last the last event that it told
 * @property {string} stderr the end of what it wrote there
 */

/** @typedef {{type: string, [field: string]: unknown}} Heard */

/** What is told so often that keeping it would be keeping too much. */
const passing = new Set(["job:progressed", "frame:progressed"]);

/** One start of the command line with --json, and what it has told. */
export class Coordinator {
  startedMs = performance.now();
  endedMs = Number.POSITIVE_INFINITY;
  /** @type {Heard[]} */
  events = [];
  /** @type {Set<NodeJS.Signals>} what the faults have sent it */
  sent = new Set();
  /** How many of its encoders the faults have killed. */
  encodersKilled = 0;
  /** @type {Promise<End>} */
  ended;
  #child;
  /** @type {Map<string, Set<unknown>>} frames that begun attempts of each node are at */
  #rendering = new Map();

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {(event: Heard) => void} onEvent
   */
  constructor(child, onEvent) {
    this.#child = child;
    let stderr = "";
    child.stderr?.on("data", (piece) => {
      stderr = (stderr + piece).slice(-4_000);
    });
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const event = parse(line);
        if (event === undefined) stderr += `\n${noJson}: ${line.slice(0, 400)}`;
        else if (!passing.has(event.type)) {
          this.#hear(event);
          onEvent(event);
        }
      });
    }
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.endedMs = performance.now();
        resolve({ code, signal, last: this.events.at(-1), stderr });
      });
      child.once("error", (error) => resolve({ code: 127, signal: null, last: undefined, stderr: error.message }));
    });
  }

  get isAlive() {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @param {NodeJS.Signals} signal @returns {boolean} whether it lived to get it */
  signal(signal) {
    if (!this.isAlive || !this.#child.kill(signal)) return false;
    this.sent.add(signal);
    return true;
  }

  /** @param {string} type */
  all(type) {
    return this.events.filter((event) => event.type === type);
  }

  /** Whether a node renders a frame for it. Without a name: whether any does. @param {string} [name] */
  isRenderedBy(name) {
    if (!this.isAlive) return false;
    if (name !== undefined) return (this.#rendering.get(name)?.size ?? 0) > 0;
    return [...this.#rendering.values()].some((frames) => frames.size > 0);
  }

  /** Whether all frames are stored, and it makes the video. */
  get isFinishing() {
    const last = this.all("frame:stored").at(-1);
    return this.isAlive && last !== undefined && last.stored === last.total && this.events.at(-1)?.type !== completed;
  }

  /** The last events in short. @param {number} [count] */
  story(count = 25) {
    return this.events
      .slice(-count)
      .map((event) => `    ${JSON.stringify(event).slice(0, 300)}`)
      .join("\n");
  }

  /** @param {Heard} event */
  #hear(event) {
    this.events.push(event);
    const name = String(event.name);
    const frames = this.#rendering.get(name) ?? new Set();
    this.#rendering.set(name, frames);
    if (event.type === "frame:started") frames.add(event.frame);
    else if (event.type === "frame:rendered" || event.type === "frame:requeued") frames.delete(event.frame);
    else if (event.type === "node:lost") frames.clear();
    else if (event.type === "frame:stored") for (const others of this.#rendering.values()) others.delete(event.frame);
  }
}

export const completed = "job:completed";
export const noJson = "no JSON on its standard output";

/** @param {string} line @returns {Heard | undefined} */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a kill may cut a line short
  }
}
