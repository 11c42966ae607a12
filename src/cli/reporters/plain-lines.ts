import {
  counted,
  type FarmEvent,
  formatBytes,
  formatDuration,
  type JobSummary,
  type OutputKind,
  printable,
  printableLines,
} from "../../index.ts";
import { alarmEndedText } from "../texts/alarm-text.ts";
import { busyText } from "../texts/busy-text.ts";
import { estimatedText, estimateText } from "../texts/estimate-text.ts";
import { bakeText, hereText, otherwiseText } from "../texts/event-texts.ts";
import { farmspecText } from "../texts/farmspec-text.ts";
import { outputWords, passesText, picturesText } from "../texts/output-words.ts";
import { etaOf, timeLeftText } from "../texts/time-left.ts";
import { toCome } from "../texts/to-come.ts";

const progressEveryMs = 10_000;

/**
 * Turns a job's events into lines for a log or a terminal without a live view: one line per event, except that progress
 * is reported at most every ten seconds. Lines contain no control characters, even if names from nodes do.
 */
export class PlainLines {
  readonly #write: (line: string) => void;
  readonly #writeLast: (line: string) => void;
  readonly #monotonicMs: () => number;
  #lastProgressMs: number;
  #makes: OutputKind | undefined;
  /** When it was last told what a node still gets. */
  readonly #sentTold = new Map<string, number>();

  /** @param writeLast Writes the lines that say how the job ended (default: like the others) */
  constructor(write: (line: string) => void, monotonicMs: () => number, writeLast = write) {
    this.#write = write;
    this.#writeLast = writeLast;
    this.#monotonicMs = monotonicMs;
    this.#lastProgressMs = monotonicMs();
  }

  tell(event: FarmEvent): void {
    if (event.type === "job:started") this.#makes = event.makes;
    if (event.type === "job:completed") this.#summary(event);
    else if (event.type === "job:interrupted") this.#interrupted(event.missing);
    else if (event.type === "job:estimated") this.#writeLast(`${estimatedText(event)}\n`);
    else {
      const line = this.#lineOf(safeToPrint(event));
      if (line !== undefined) this.#write(`${line}\n`);
    }
  }

  /** The summary that a person would want to keep. */
  #summary(result: JobSummary): void {
    const perFrame = (seconds: number, frames: number) =>
      frames === 0 ? "" : `, ${(seconds / frames).toFixed(1)} s each`;
    this.#writeLast(`Done in ${formatDuration(result.seconds * 1000)}: ${printable(result.output)}\n`);
    const reused = result.reused > 0 ? `, ${result.reused} of them from an earlier run` : "";
    this.#writeLast(
      `  ${counted(result.frames, "frame")} expected, rendered, checked and ${outputWords(this.#makes).isDone}${reused}\n`,
    );
    if (result.pictures) this.#writeLast(`  ${picturesText(result.pictures)}\n`);
    if (result.passes) this.#writeLast(`  ${passesText(result.passes)}\n`);
    for (const node of result.nodes) {
      this.#writeLast(
        `  ${printable(node.name)}: ${counted(node.frames, "frame")}${perFrame(node.renderSeconds, node.frames)} (Blender ${printable(node.blender)})\n`,
      );
    }
    for (const warning of result.warnings) this.#writeLast(`  Warning: ${printableLines(warning)}\n`);
  }

  /** The last line of an interrupted job. */
  #interrupted(missing: number | null): void {
    this.#writeLast(
      `Stopped${missing === null ? "" : ` with ${counted(missing, "frame")} to go`}; the same command continues from here\n`,
    );
  }

  #lineOf(event: FarmEvent): string | undefined {
    switch (event.type) {
      case "job:started": {
        const otherwise = event.overrides === null ? "" : `\n  ${otherwiseText(event.overrides)}`;
        return `Rendering ${event.blend} to ${event.output}${otherwise}`;
      }
      case "job:checking":
        return `Checking ${counted(event.frames, "stored frame")}`;
      case "job:resumed":
        return `Continuing an earlier run: ${counted(event.stored, "frame")} already stored`;
      case "job:restarted":
        return `Starting over: ${event.reason}`;
      case "frames:outdated":
        return `Rendering ${counted(event.frames, "frame")} again (${event.range}): ${event.reason}; the old ones are in ${event.folder}`;
      case "machine:awake":
        return "This machine stays awake until the job ends (--allow-sleep lets it sleep)";
      case "discovery:scanned":
        return event.nodes === 0 ? "No node found on the network" : `${counted(event.nodes, "node")} found`;
      case "node:found":
        return `Node ${printable(event.name)} at ${event.address}: Blender ${event.blender}, ${counted(event.slots, "slot")}`;
      case "node:excluded":
      case "node:unreachable":
        return `${event.message}\n  ${event.hint}`;
      case "alarm:ended":
        return alarmEndedText(event);
      case "node:busy":
        return `Node ${busyText(event)}`;
      case "node:joined":
        return `Node ${printable(event.name)} renders`;
      case "node:lost":
        return `Node ${printable(event.name)} is gone: ${event.message}`;
      case "node:barred":
        return `Node ${printable(event.name)} gets no more frames: ${event.reason}`;
      case "node:forgiven":
        return `Node ${printable(event.name)} gets frames again`;
      case "job:waiting":
        return `Waiting for a node: ${counted(event.missing, "frame")} to go`;
      case "here:idle":
        return hereText(event);
      case "bake:progressed":
        return this.#isProgressDue() ? bakeText(event) : undefined;
      case "bake:started":
      case "bake:long":
      case "bake:ended":
        return bakeText(event);
      case "scene:read":
        return `Scene ${printable(event.scene)}: ${counted(event.frames, "frame")} (${event.firstFrame} to ${event.lastFrame}) at ${event.fps} fps, ${event.width}×${event.height}, ${event.engine}`;
      case "frame:requeued":
        return `Frame ${event.frame} is rendered again: ${event.reason} (${printable(event.name)})`;
      case "frame:refused":
        return `FFmpeg refuses frame ${event.frame}, which ${printable(event.name)} rendered: ${event.message}\n  It was set aside: ${event.file}`;
      case "frame:failed":
        return `Frame ${event.frame} failed: ${event.message}\n  ${event.hint}`;
      case "encode:postponed":
        return `${outputWords(this.#makes).writing} is postponed until all frames are stored: ${event.message}`;
      case "warning":
        return `Warning: ${event.message}${event.name === null ? "" : ` (${printable(event.name)})`}`;
      case "farmspec:saved":
        return farmspecText(event);
      case "output:finishing":
        return "All frames are stored: finishing the output; press Ctrl-C again to stop now";
      case "estimate:made":
        return estimateText(event);
      case "job:draining":
        return `Finishing ${counted(event.running, "frame")}, then stopping; press Ctrl-C again to stop now`;
      case "job:progressed":
        return this.#progress(event);
      case "node:uploading":
      case "node:receiving":
        return this.#sent(event);
      case "frame:started":
      case "frame:progressed":
      case "frame:rendered":
      case "frame:checked":
      case "frames:doubted":
      case "frame:stored":
      case "run:started":
      case "pictures:written":
      case "passes:written": // the summary names the folder
      case "job:completed":
      case "job:interrupted":
      case "job:estimated":
      case "job:failed": // the code that catches the error prints it
        return undefined;
    }
  }

  #sent(event: Extract<FarmEvent, { type: "node:uploading" | "node:receiving" }>): string | undefined {
    const nowMs = this.#monotonicMs();
    const toldMs = this.#sentTold.get(event.node);
    if (event.filesLeft === 0 || (toldMs !== undefined && nowMs - toldMs < progressEveryMs)) return undefined;
    this.#sentTold.set(event.node, nowMs);
    const isFirst = toldMs === undefined;
    return isFirst
      ? `Sending ${counted(event.filesLeft, "file")} to ${printable(event.name)}: ${formatBytes(event.sizeBytes)}`
      : `Sending to ${printable(event.name)}: ${toCome(event)}`;
  }

  #isProgressDue(): boolean {
    if (this.#monotonicMs() - this.#lastProgressMs < progressEveryMs) return false;
    this.#lastProgressMs = this.#monotonicMs();
    return true;
  }

  #progress(event: Extract<FarmEvent, { type: "job:progressed" }>): string | undefined {
    if (!this.#isProgressDue()) return undefined;
    const estimate = etaOf(event);
    const eta = estimate === null ? "" : `, ${timeLeftText(estimate)} to go`;
    return `${event.stored} of ${event.total} frames, ${counted(event.nodes, "node")}${eta}, ${event.encoded} ${outputWords(this.#makes).encoded}`;
  }
}

/** The event with printable texts: most of them contain text from nodes and scenes. */
function safeToPrint(event: FarmEvent): FarmEvent {
  const fields = Object.entries(event).map(([name, value]) => [
    name,
    typeof value === "string" ? printableLines(value) : value,
  ]);
  return Object.fromEntries(fields) as FarmEvent;
}
