import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LabEvent } from "../support/lab/lab-coordinator.ts";
import type { ChaosFarm } from "./chaos-farm.ts";
import { Coordinator } from "./coordinator.ts";
import type { Film } from "./film.ts";
import { isOurs, wordsFor } from "./verdict.ts";

const againAfterMs = 500;
/** A second start of the command that is there for the sake of the first one is ended after this time. */
const companyEndsWithinMs = 20_000;
/** Two that work in one folder: as long as the end of the one may be on its way to us, it is not said. */
const overlapMs = 2_000;
/** Failures that nobody caused, after which it is not tried again. */
const mostFailures = 5;

/** One film: the same command again and again until it has ended well. */
export class Job {
  /** How each start ended. */
  readonly ends: string[] = [];
  /** How often each stored frame was damaged. */
  readonly damaged = new Map<number, number>();
  isOver = false;
  /** The start that runs, or the last one. */
  current: Coordinator | undefined;
  readonly film: Film;
  readonly output: string;
  readonly name: string;
  readonly #farm: ChaosFarm;
  readonly #hear: (event: LabEvent) => void;
  readonly #all: Coordinator[] = [];
  #failures = 0;

  constructor(farm: ChaosFarm, film: Film, output: string, hear: (event: LabEvent) => void) {
    this.#farm = farm;
    this.#hear = hear;
    this.film = film;
    this.output = output;
    this.name = basename(output);
  }

  /** Whether one that was started beside the usual one lives. */
  get hasCompany(): boolean {
    return this.#all.some((one) => one !== this.current && one.isAlive);
  }

  /** Resolves when it has ended well; complains of every end that was not our doing. */
  async run(): Promise<void> {
    while (!this.isOver) {
      const one = await this.#start();
      this.current = one;
      this.isOver = (await this.#judge(one)) === "completed";
      if (this.#failures >= mostFailures) throw new Error(`${this.name} failed ${this.#failures} times by itself`);
      if (!this.isOver) await delay(againAfterMs);
    }
  }

  /** Gives the same command beside the running one. @returns How it ended */
  async double(): Promise<string> {
    const one = await this.#start();
    const timer = setTimeout(() => one.signal("SIGKILL"), companyEndsWithinMs);
    const how = await this.#judge(one);
    clearTimeout(timer);
    return how;
  }

  /** Does something while the command for this film is not given. */
  async whileHeld<Result>(work: () => Promise<Result>): Promise<Result> {
    this.film.holds += 1;
    try {
      return await work();
    } finally {
      this.film.holds -= 1;
    }
  }

  /** The encoders that work on its video. */
  encoders(): Promise<number[]> {
    return this.#farm.encodersOf(this.output);
  }

  async #start(): Promise<Coordinator> {
    while (this.film.holds > 0 && !this.#farm.signal.aborted) await delay(20);
    this.#farm.signal.throwIfAborted();
    const { blendfile, hasScripts } = this.film;
    const args = ["--blend", blendfile, "--output", this.output, "--keep-frames", "--yes"];
    if (hasScripts) args.push("--allow-scripts");
    const one = new Coordinator(this.#farm.coordinate([...args, "--no-save-farmspec"]), (event) => {
      this.#hear(event);
      if (event.type === "job:started") this.#lookForOverlap(one);
      if (event.type === "job:restarted") this.#farm.report.complain(`${this.name} was begun anew: ${event.reason}`);
    });
    this.#all.push(one);
    return one;
  }

  async #judge(one: Coordinator): Promise<string> {
    const { report, signal, diskFull, allAway } = this.#farm;
    const end = { ...(await one.run.ended), last: one.run.events.at(-1) };
    signal.throwIfAborted();
    const how = wordsFor(end);
    this.ends.push(how);
    const told = `${end.last?.message ?? ""} ${end.last?.hint ?? ""}`.trim();
    if (end.code !== null && end.code !== 0) report.say(`  ${this.name}: ended with ${how}: ${told.slice(0, 300)}`);
    const circumstances = {
      sent: one.sent,
      hadCompany: this.#all.some((other) => other !== one && other.endedMs > one.startedMs),
      wasDiskFull: diskFull.touches(one.startedMs, one.endedMs),
      wereAllNodesAway: allAway.touches(one.startedMs, one.endedMs),
      encodersKilled: one.encodersKilled,
    };
    if (!isOurs(end, circumstances)) {
      this.#failures += 1;
      report.complain(`${this.name} ended by itself with ${how}: ${told}\n${end.stderr}\n${one.run.story()}`);
    }
    const { pixels } = this.film;
    if (end.last?.type === "job:completed" && end.last.frames !== pixels.size)
      report.complain(`${this.name} was told to be complete with ${end.last.frames} of ${pixels.size} frames`);
    return how;
  }

  /** @param one That has said that the job folder is its own */
  #lookForOverlap(one: Coordinator): void {
    const others = this.#all.filter(
      (other) => other !== one && other.isAlive && other.run.all("job:started").length > 0,
    );
    setTimeout(() => {
      if (!one.isAlive || !others.some((other) => other.isAlive)) return;
      this.#farm.report.complain(`two coordinators work in the job folder of ${this.name}:\n${one.run.story()}`);
    }, overlapMs).unref();
  }
}
