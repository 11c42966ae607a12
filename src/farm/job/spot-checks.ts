import { join } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { messageOf } from "../../core/errors.ts";
import { formatFrames } from "../../core/frame-range.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import { counted } from "../../core/text.ts";
import { comparePictures } from "../../encode/picture-difference.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { FarmListener } from "../events.ts";
import type { DoubtedFrames } from "./doubted-frames.ts";
import type { JobTotals } from "./job-totals.ts";

type CheckDone = Extract<NodeReport, { type: "check-done" }>;

/** Which checks nodes are asked for; see `Worker.check`. */
export interface CheckPlan {
  readonly share: number | null;
  readonly seed: number;
}

/** A check that takes longer than this does not hold up the end of the job. */
const longestCheckMs = 10 * 60_000;

/** Of the time that frames take, what their checks may take. */
const usualShare = 0.03;

/** With fewer frames, a job has ended before its slots can have gone wrong unseen for long. */
export const longJobFrames = 200;

export interface SpotChecksOptions {
  readonly doubted: DoubtedFrames;
  readonly totals: JobTotals;
  readonly tell: FarmListener;
  readonly nameOf: (node: NodeId) => string;
  readonly pathOf: (frame: Frame) => string;
  /** The job folder, for pictures of differences. */
  readonly folder: string;
  /** `undefined` if no FFmpeg is there; then differences are not measured. */
  readonly ffmpeg: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * What nodes find when a new process renders some frames again. If the pixels differ, the frames of that slot since its
 * last good check are taken out of the store and rendered again, and the difference is measured.
 */
export class SpotChecks {
  readonly #options: SpotChecksOptions;
  /** By node and slot: when it began. */
  readonly #open = new Map<string, number>();
  /** Attempts whose results are on their way, and must not be used, with the reason. */
  readonly #doubted = new Map<string, string>();
  /** Frames that a check has found, and their first pictures. */
  readonly #found = new Map<Frame, string>();

  constructor(options: SpotChecksOptions) {
    this.#options = options;
  }

  /** Whether a check may still find that stored frames are wrong. @param atMs Now */
  areOpen(atMs: number): boolean {
    for (const [slot, since] of this.#open) if (atMs - since > longestCheckMs) this.#open.delete(slot);
    return this.#open.size > 0;
  }

  /** A node reports something. @param atMs Now */
  hear(node: NodeId, report: NodeReport, atMs: number): void {
    if (report.type === "check-started") this.#open.set(`${node} ${report.slot}`, atMs);
    else if (report.type === "check-done") this.#done(node, report);
  }

  /** The node's checks end with its link. */
  lost(node: NodeId): void {
    for (const slot of this.#open.keys()) if (slot.startsWith(`${node} `)) this.#open.delete(slot);
  }

  /**
   * A frame was stored. If its attempt is doubted, the frame is taken out again; if it was rendered again because of a
   * check, both pictures are compared.
   */
  stored(node: NodeId, frame: Frame, attempt: number): void {
    const { doubted } = this.#options;
    const why = this.#doubted.get(keyOf(node, { frame, attempt }));
    const first = this.#found.get(frame);
    if (why !== undefined) doubted.later(async () => void (await doubted.takeOut([frame], why, null)));
    else if (first !== undefined) {
      this.#found.delete(frame);
      doubted.later(() => this.#compare(frame, first));
    }
  }

  #done(node: NodeId, report: CheckDone): void {
    const { doubted, tell, nameOf, totals } = this.#options;
    const { slot, frame, outcome } = report;
    const wasOpen = this.#open.delete(`${node} ${slot}`);
    if (!wasOpen && outcome !== "different") return; // of an earlier link
    const name = nameOf(node);
    tell({ type: "frame:checked", node, name, slot, frame, outcome });
    if (outcome === "unrepeatable") {
      const message = `Frame ${frame} comes out differently each time that a new process renders it: this scene or this device is not repeatable, so its frames are not checked in slot ${slot}`;
      totals.warn("NOT_REPEATABLE", message, name);
    }
    if (outcome === "different") doubted.later(() => this.#doubt(node, report));
  }

  async #doubt(node: NodeId, { slot, frame, attempt, others }: CheckDone): Promise<void> {
    const { doubted, totals, nameOf } = this.#options;
    const refs = [{ frame, attempt }, ...others];
    const frames = [...new Set(refs.map((ref) => ref.frame))];
    const why = `slot ${slot} rendered frame ${frame} differently from a new process`;
    for (const ref of refs) if (doubted.recordOf(ref.frame) === undefined) this.#doubted.set(keyOf(node, ref), why);
    totals.warn(
      "FRAMES_DIFFER",
      `Slot ${slot} rendered frame ${frame} differently from a new process: ${counted(frames.length, "frame")} that it rendered since its last good check are rendered again (${formatFrames(frames)}), and it continues with a new process for each frame`,
      nameOf(node),
    );
    const ofNode = frames.filter((each) => doubted.recordOf(each)?.node.id === node);
    const [first] = await doubted.takeOut(ofNode, why, null);
    if (first !== undefined && first.frame === frame) this.#found.set(frame, first.file);
  }

  async #compare(frame: Frame, first: string): Promise<void> {
    const { ffmpeg, folder, pathOf, signal, totals } = this.#options;
    if (ffmpeg === undefined) return;
    const picture = join(folder, `difference-${frame}.png`);
    try {
      const { pixels, differing, largest } = await comparePictures(ffmpeg, first, pathOf(frame), picture, signal);
      const message = `Frame ${frame} differed in ${differing} of ${pixels} pixels, by up to ${largest} of 255: ${picture}`;
      totals.warn("FRAME_DIFFERENCE", message, null);
    } catch (error) {
      if (signal.aborted) return;
      totals.warn("FRAME_DIFFERENCE", `Cannot compare frame ${frame} with ${first}: ${messageOf(error)}`, null);
    }
  }
}

function keyOf(node: NodeId, { frame, attempt }: { readonly frame: Frame; readonly attempt: number }): string {
  return `${node} ${frame} ${attempt}`;
}

/**
 * Which checks a job asks its nodes for. Under a time limit no two renders are the same, so there is nothing to compare.
 *
 * @param job Its id, 32 hexadecimal digits, which chooses the frames
 * @returns `null` for none
 */
export function checkPlanOf(
  { checks, timeLimit }: Pick<JobSettings, "checks" | "timeLimit">,
  frames: number,
  job: string,
): CheckPlan | null {
  if (checks === "none" || timeLimit !== undefined || (checks === "auto" && frames < longJobFrames)) return null;
  const share = checks === "all" ? null : checks === "auto" ? usualShare : checks;
  return { share, seed: Number.parseInt(job.slice(0, 8), 16) };
}
