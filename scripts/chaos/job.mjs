import { basename } from "node:path";
import { completed } from "./coordinator.mjs";
import { verdictOn } from "./verdict.mjs";
import { pause } from "./waiting.mjs";

/** @typedef {import("./coordinator.mjs").Coordinator} Coordinator */

const againAfterMs = 500;
/** A second start of the command that is there for the sake of the first one is ended after this time. */
const companyEndsWithinMs = 20_000;
/** Two that work in one folder: as long as the end of the one may be on its way to us, it is not said. */
const overlapMs = 2_000;
/** Failures that nobody caused, after which it is not tried again. */
const mostFailures = 5;

/**
 * @typedef {object} JobOptions
 * @property {import("./farm.mjs").ChaosFarm} farm
 * @property {import("./scene.mjs").Film} film what it must come to
 * @property {string} output
 * @property {(event: import("./coordinator.mjs").Heard) => void} hear
 * @property {(text: string) => void} say
 * @property {(text: string) => void} complain
 */

/** One film: the same command again and again until it has ended well. */
export class Job {
  /** @type {string[]} how each start ended */
  ends = [];
  /** @type {Map<number, number>} how often each stored frame was damaged */
  damaged = new Map();
  isOver = false;
  film;
  output;
  #options;
  /** @type {Coordinator | undefined} */
  #current;
  /** @type {Coordinator[]} */
  #all = [];
  #failures = 0;

  /** @param {JobOptions} options */
  constructor(options) {
    this.#options = options;
    this.film = options.film;
    this.output = options.output;
  }

  get name() {
    return basename(this.output);
  }

  /** The start that runs, or the last one. */
  get current() {
    return this.#current;
  }

  /** Whether one that was started beside the usual one lives. */
  get hasCompany() {
    return this.#all.some((one) => one !== this.#current && one.isAlive);
  }

  /** Frames that the running coordinator has stored. */
  get stored() {
    return this.#current?.all("frame:stored").length ?? 0;
  }

  /** Resolves when it has ended well; complains of every end that was not our doing. @param {AbortSignal} signal */
  async run(signal) {
    for (;;) {
      await this.#letGo(signal);
      const one = this.#start();
      this.#current = one;
      const { isGood } = await this.#judge(one, signal);
      if (isGood) break;
      if (this.#failures >= mostFailures) throw new Error(`${this.name} failed ${this.#failures} times by itself`);
      await pause(againAfterMs, signal);
    }
    this.isOver = true;
  }

  /** Keeps commands for this film from being given. @returns {() => void} lets them go on */
  hold() {
    this.film.holds += 1;
    return () => {
      this.film.holds -= 1;
    };
  }

  /**
   * Gives the same command beside the running one.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<string>} how it ended
   */
  async double(signal) {
    await this.#letGo(signal);
    const one = this.#start();
    const timer = setTimeout(() => one.signal("SIGKILL"), companyEndsWithinMs);
    const { how } = await this.#judge(one, signal);
    clearTimeout(timer);
    return how;
  }

  /** The encoders that work on its video. */
  encoders() {
    return this.#options.farm.encodersOf(this.output);
  }

  /** @param {AbortSignal} signal */
  async #letGo(signal) {
    while (this.film.holds > 0) await pause(20, signal);
    signal.throwIfAborted();
  }

  #start() {
    const { farm, film, output, hear, complain } = this.#options;
    const args = ["--blend", film.blendfile, "--output", output, "--keep-frames", "--allow-scripts", "--yes"];
    const one = farm.coordinate([...args, "--no-save-farmspec"], (event) => {
      hear(event);
      if (event.type === "job:started") this.#lookForOverlap(one);
      if (event.type === "job:restarted") complain(`${this.name} was begun anew: ${event.reason}`);
    });
    this.#all.push(one);
    return one;
  }

  /** @param {Coordinator} one @param {AbortSignal} signal */
  async #judge(one, signal) {
    const { farm, film, say, complain } = this.#options;
    const end = await one.ended;
    signal.throwIfAborted();
    const { how, isOurs } = verdictOn(end, {
      sent: one.sent,
      hadCompany: this.#all.some((other) => other !== one && other.endedMs > one.startedMs),
      wasDiskFull: farm.diskFull.touches(one.startedMs, one.endedMs),
      wereAllNodesAway: farm.allAway.touches(one.startedMs, one.endedMs),
      encodersKilled: one.encodersKilled,
    });
    this.ends.push(how);
    const told = `${end.last?.message ?? ""} ${end.last?.hint ?? ""}`.trim();
    if (end.code !== null && end.code !== 0) say(`  ${this.name}: ended with ${how}: ${told.slice(0, 300)}`);
    if (!isOurs) {
      this.#failures += 1;
      complain(`${this.name} ended by itself with ${how}: ${told}\n${end.stderr}\n${one.story()}`);
    }
    if (end.last?.type === completed && end.last.frames !== film.pixels.size)
      complain(`${this.name} was told to be complete with ${end.last.frames} of ${film.pixels.size} frames`);
    return { how, isGood: end.code === 0 };
  }

  /** @param {Coordinator} one that has said that the job folder is its own */
  #lookForOverlap(one) {
    const others = this.#all.filter((other) => other !== one && other.isAlive && other.all("job:started").length > 0);
    setTimeout(() => {
      const isStill = others.some((other) => other.isAlive) && one.isAlive;
      if (isStill) this.#options.complain(`two coordinators work in the job folder of ${this.name}:\n${one.story()}`);
    }, overlapMs).unref();
  }
}
