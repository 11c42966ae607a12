import { fetchBlobFrom } from "../../assets/blob-holders.ts";
import { FarmError } from "../../core/errors.ts";
import { damageOfSound } from "../../encode/ffmpeg/decode-sound.ts";
import type { FfmpegTools } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import { discard } from "../../system/files/held-files.ts";
import { recordSound, type SoundKey, soundFolderOf } from "../output/kept-sound.ts";
import type { SoundPlan } from "../output/sound-plan.ts";
import type { Worker } from "../worker.ts";
import type { JobTotals } from "./job-totals.ts";

export interface JobSoundOptions {
  readonly plan: SoundPlan;
  /** The job folder. */
  readonly folder: string;
  readonly key: Pick<SoundKey, "blend" | "scene" | "files">;
  /** For a mix. */
  readonly tools: FfmpegTools | undefined;
  readonly totals: JobTotals;
  readonly signal: AbortSignal;
}

/**
 * The sound of a job's output. One node mixes it down while the frames are rendered; if it is lost, or what it made is
 * damaged, another one does.
 */
export class JobSound {
  readonly #options: JobSoundOptions;
  readonly #waiting: Worker[] = [];
  #mixing: Promise<void> | undefined;
  /** Why there is none yet. */
  #lack = "no node could mix it down";
  #track: SoundTrack | null | undefined;

  constructor(options: JobSoundOptions) {
    this.#options = options;
    const { plan, totals } = options;
    if (plan.type === "impossible") totals.warn("NO_SOUND", `The output has no sound: ${plan.why}`, null);
    if (plan.type === "file") this.#track = { path: plan.path, leadSeconds: 0, seconds: plan.seconds };
    else if (plan.type !== "mix") this.#track = null;
  }

  /** A node that could mix it. */
  offer(worker: Worker): void {
    if (this.#track !== undefined) return;
    this.#waiting.push(worker);
    if (this.#mixing !== undefined) return;
    this.#mixing = this.#mix();
    this.#mixing.catch(() => {}); // thrown by `take`
  }

  /** Waits until it is there. @returns `null` if the output gets none */
  async take(): Promise<SoundTrack | null> {
    while (this.#mixing !== undefined) await this.#mixing; // a node that was offered meanwhile may have begun
    if (this.#track === undefined) this.#drop(this.#lack);
    return this.#track ?? null;
  }

  async #mix(): Promise<void> {
    const { plan, signal } = this.#options;
    if (plan.type !== "mix") return;
    for (let worker = this.#waiting.shift(); worker !== undefined; worker = this.#waiting.shift()) {
      const made = await this.#mixBy(worker, plan).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof FarmError)) throw error;
        return error; // the link was lost, for example
      });
      if (made === null || made instanceof FarmError) continue;
      if (typeof made === "string") this.#drop(made);
      else this.#track = made;
      break;
    }
    this.#mixing = undefined; // unless it is there now, the next node that is offered tries
  }

  /** @returns Why no node can, if so; `null` if another one should try */
  async #mixBy(worker: Worker, plan: Extract<SoundPlan, { type: "mix" }>): Promise<SoundTrack | string | null> {
    const { folder, key, tools, signal } = this.#options;
    const { firstFrame, lastFrame, leadSeconds, seconds } = plan;
    const made = await worker.mix(firstFrame, lastFrame, signal);
    if ("why" in made) return made.why;
    const copy = await fetchBlobFrom(worker, made, await soundFolderOf(folder), signal);
    if (copy === undefined) return "the node does not have it any more";
    if (tools === undefined) throw new Error("No FFmpeg was prepared");
    const damage = await damageOfSound(copy.path, seconds - leadSeconds, tools, signal);
    if (damage !== null) {
      await discard(copy.path);
      this.#lack = `what ${worker.info.name} mixed down is damaged: ${damage}; perhaps its disk is full`;
      return null;
    }
    await recordSound(folder, { ...key, firstFrame, lastFrame }, copy.sha256);
    return { path: copy.path, leadSeconds, seconds };
  }

  #drop(why: string): void {
    this.#track = null;
    this.#options.totals.warn("NO_SOUND", `The output has no sound: ${why}`, null);
  }
}
