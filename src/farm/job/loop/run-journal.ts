import { printableJson } from "../../../core/text.ts";
import type { JobFolder } from "../../../frames/job-folder.ts";
import type { EventBody, Instruction, SchedulerEvent } from "../../../scheduler/events.ts";
import type { SchedulerConfig, SchedulerState } from "../../../scheduler/state/state.ts";
import { LineFile } from "../../../system/files/line-file.ts";
import type { FarmListener } from "../../events.ts";
import { AttemptRecorder, type AttemptRecorderOptions } from "./attempt-recorder.ts";

/** The scheduler is told of an attempt's progress at most this often: its timeouts are minutes. */
const progressEveryMs = 5_000;

export interface RunJournalOptions extends Pick<AttemptRecorderOptions, "run" | "infoOf"> {
  readonly folder: Pick<JobFolder, "attemptsPath" | "eventsPath">;
  readonly config: SchedulerConfig;
  readonly tell: FarmListener;
}

/**
 * Records a run in the job folder. `attempts.ndjson` gets each attempt when it ends. `events.ndjson` gets the
 * scheduler's events and instructions, so that the run can be replayed (`scripts/replay.mjs`). If a line cannot be
 * written, there is a warning, and the job continues.
 */
export class RunJournal implements Disposable {
  readonly #attempts: LineFile;
  readonly #events: LineFile;
  readonly #recorder: AttemptRecorder;
  readonly #progressMs = new Map<number, number>();

  constructor({ run, infoOf, folder, config, tell }: RunJournalOptions) {
    const open = (path: string) =>
      new LineFile(path, (why) => {
        const message = `Cannot write all of ${path}: ${why}`;
        tell({ type: "warning", code: "RECORD_INCOMPLETE", message, name: null });
      });
    this.#attempts = open(folder.attemptsPath);
    this.#events = open(folder.eventsPath);
    this.#recorder = new AttemptRecorder({ run, infoOf, write: (record) => writeJson(this.#attempts, record) });
    const { frames, alreadyStored = new Set(), ...rest } = config;
    writeJson(this.#events, { run, config: { ...rest, frames, alreadyStored: [...alreadyStored] } });
  }

  /** Whether the scheduler needs this event: `false` for progress that follows the last too quickly. */
  isWorthTelling(event: EventBody, atMs: number): boolean {
    if (event.type !== "attempt-progressed" && event.type !== "attempt-delayed") {
      if ("attempt" in event && event.type !== "attempt-started") this.#progressMs.delete(event.attempt);
      return true;
    }
    const lastMs = this.#progressMs.get(event.attempt) ?? Number.NEGATIVE_INFINITY;
    if (atMs - lastMs < progressEveryMs) return false;
    this.#progressMs.set(event.attempt, atMs);
    return true;
  }

  /** @param state After the step */
  record(event: SchedulerEvent, instructions: readonly Instruction[], state: SchedulerState): void {
    writeJson(this.#events, instructions.length === 0 ? { event } : { event, instructions });
    this.#recorder.observe(event, instructions, state, event.at);
  }

  /** See `AttemptRecorder`. */
  rendered(attempt: number, device: string): void {
    this.#recorder.rendered(attempt, device);
  }

  /** The run ends. @param atMs On the scale of the events */
  end(atMs: number): void {
    this.#recorder.end(atMs);
  }

  [Symbol.dispose](): void {
    this.#attempts.close();
    this.#events.close();
  }
}

function writeJson(file: LineFile, value: object): void {
  file.write(`${printableJson(value)}\n`);
}
