import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ChaosFarm } from "./chaos-farm.ts";
import { Director } from "./director.ts";
import { type Film, makeFilm } from "./film.ts";
import { Job } from "./job.ts";
import { Ledger } from "./ledger.ts";
import type { ChaosOptions } from "./options.ts";
import { watchForOrphans } from "./orphans.ts";
import { onceEach, type PlannedFault, planOf } from "./plan.ts";
import { sumUp } from "./summary.ts";

/** Frames of the films that are made beside the main ones. */
const framesBeside = 8;
/** Time for the jobs to end after the last fault: a node may keep an abandoned job for ten minutes. */
const endsWithinMs = 11 * 60_000;

/** One run from the undisturbed render to the proof. */
export class ChaosRun {
  readonly ledger = new Ledger();
  readonly jobs: Job[] = [];
  readonly #farm: ChaosFarm;
  readonly #options: ChaosOptions;

  constructor(farm: ChaosFarm, options: ChaosOptions) {
    this.#farm = farm;
    this.#options = options;
  }

  /** Resolves when everything is over and proved. Problems are in the report; those that stop the run are thrown. */
  async run(): Promise<void> {
    const farm = this.#farm;
    const { report, lab, nodes } = farm;
    report.enter("the undisturbed render");
    const hangs = lab.path("hangs");
    await mkdir(hangs);
    const { samples, frames } = this.#options;
    const film = await makeFilm(lab, "reference", { samples, hangs, frames });
    const other = await makeFilm(lab, "other", { samples, hangs, frames: framesBeside });
    report.enter("the start of the nodes");
    await Promise.all(nodes.map((node) => node.start()));
    watchForOrphans(farm).catch((error) => report.complain(`orphans are no longer watched for: ${error}`));

    report.enter("the faults");
    const plan = this.#plan();
    const besides: Promise<void>[] = [];
    const stage = {
      farm,
      jobNow: () => this.jobs.findLast((job) => job.film === film),
      beside: () => {
        const job = this.#begin(other, `beside${besides.length + 1}.mp4`);
        besides.push(job.run());
        besides.at(-1)?.catch(() => {}); // awaited at the end
        return job;
      },
      other: other.blendfile,
      hangs,
    };
    let isDisturbed = true;
    const disturbing = new Director(stage, this.ledger).disturb(plan).finally(() => {
      isDisturbed = false;
    });
    const tooLong = this.#limitAfter(disturbing);
    for (let number = 1; isDisturbed; number += 1) {
      await Promise.race([this.#begin(film, `film${number}.mp4`).run(), tooLong]);
    }
    await Promise.race([Promise.all(besides), tooLong]);

    report.enter("the proof");
    await sumUp(
      farm,
      this.ledger,
      this.jobs,
      onceEach(plan).map(({ fault }) => fault.name),
    );
  }

  /** What the seed plans, without what this machine cannot do. */
  #plan(): PlannedFault[] {
    const { nodes, report } = this.#farm;
    const { seed, minutes } = this.#options;
    const plan = planOf(
      seed,
      minutes,
      nodes.map(({ name }) => name),
    );
    for (const { fault } of onceEach(plan)) {
      if (fault.problem !== undefined) report.say(`not here: ${fault.name}, as ${fault.problem}`);
    }
    return plan.filter(({ fault }) => fault.problem === undefined);
  }

  #begin(film: Film, name: string): Job {
    const job = new Job(this.#farm, film, join(this.#farm.films.path, name), (event) => this.ledger.hear(event));
    this.jobs.push(job);
    return job;
  }

  /** Never resolves: rejects if the jobs do not end although nothing disturbs them. */
  #limitAfter(disturbing: Promise<void>): Promise<never> {
    const wait = async () => {
      await disturbing;
      this.#farm.report.enter("the end of the last jobs");
      await delay(endsWithinMs, undefined, { signal: this.#farm.signal });
      throw new Error(`the jobs have not ended ${endsWithinMs / 60_000} minutes after the last fault`);
    };
    const tooLong = wait();
    tooLong.catch(() => {});
    return tooLong;
  }
}
