import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ChaosFarm } from "./chaos-farm.ts";
import { type Film, makeFilm } from "./film.ts";
import { Job } from "./job.ts";
import { Ledger } from "./ledger.ts";

/** Of the films that are made beside the others. */
const [framesBeside, simulatedFrames] = [8, 24];

/** The farm, the films that are made on it, and what happened to them. */
export class World {
  readonly ledger = new Ledger();
  readonly jobs: Job[] = [];
  /** Ends of the jobs that were begun beside the others. */
  readonly besides: Promise<void>[] = [];
  readonly farm: ChaosFarm;
  readonly film: Film;
  /** Of another blendfile, and small. */
  readonly other: Film;
  /** With a cloth that is not baked, and without scripts: with them, nothing is baked. */
  readonly simulated: Film;
  /** Folder in which a file by a node's name makes that node's Blender hang. */
  readonly hangs: string;

  private constructor(farm: ChaosFarm, films: Pick<World, "film" | "other" | "simulated">, hangs: string) {
    this.farm = farm;
    this.film = films.film;
    this.other = films.other;
    this.simulated = films.simulated;
    this.hangs = hangs;
  }

  static async make(farm: ChaosFarm, frames: number, samples: number): Promise<World> {
    const hangs = farm.lab.path("hangs");
    await mkdir(hangs);
    const film = await makeFilm(farm.lab, "reference", { samples, hangs, frames });
    const other = await makeFilm(farm.lab, "other", { samples, hangs, frames: framesBeside });
    const simulated = await makeFilm(farm.lab, "simulated", { samples, frames: simulatedFrames });
    return new World(farm, { film, other, simulated }, hangs);
  }

  /** Of the film that is being made. */
  get job(): Job | undefined {
    return this.jobs.findLast((job) => job.film === this.film);
  }

  begin(film: Film, name: string): Job {
    const job = new Job(this.farm, film, join(this.farm.films.path, name), (event) => this.ledger.hear(event));
    this.jobs.push(job);
    return job;
  }

  /** Begins a small film of another blendfile on the same nodes; of the simulated one every second time. */
  beside(): Job {
    const film = this.besides.length % 2 === 0 ? this.simulated : this.other;
    const job = this.begin(film, `beside${this.besides.length + 1}.mp4`);
    const ending = job.run();
    ending.catch(() => {}); // awaited at the end
    this.besides.push(ending);
    return job;
  }
}
