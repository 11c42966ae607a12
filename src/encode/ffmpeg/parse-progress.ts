/** How far FFmpeg is; its own words, in its `-progress` report. */
export interface EncodeProgress {
  /** Frames encoded so far. */
  readonly frames: number;
  /** Time in the video that has been reached, in seconds; 0 before the first frame is out. */
  readonly seconds: number;
  /** Bytes written so far; 0 where FFmpeg does not know. */
  readonly sizeBytes: number;
}

/** Reads FFmpeg's `-progress` report: lines of `key=value`, each block ended by the key `progress`. */
export class ProgressParser {
  #rest = "";
  #block = new Map<string, string>();

  /** Takes text in any portions and answers the blocks that it completes. */
  push(text: string): EncodeProgress[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-1000); // a line is short: more than this is not a report
    const blocks: EncodeProgress[] = [];
    for (const line of lines) {
      const at = line.indexOf("=");
      if (at < 0) continue;
      const key = line.slice(0, at).trim();
      this.#block.set(key, line.slice(at + 1).trim());
      if (key !== "progress") continue;
      blocks.push(progressOf(this.#block));
      this.#block = new Map();
    }
    return blocks;
  }
}

function progressOf(block: ReadonlyMap<string, string>): EncodeProgress {
  return {
    frames: numberOf(block.get("frame")),
    seconds: numberOf(block.get("out_time_us")) / 1e6,
    sizeBytes: numberOf(block.get("total_size")),
  };
}

/** FFmpeg writes `N/A` for what it does not know, and a huge negative time before the first frame. */
function numberOf(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
