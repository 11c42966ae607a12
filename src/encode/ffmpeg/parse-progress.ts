/** How far FFmpeg is, from its `-progress` report. */
export interface EncodeProgress {
  /** Frames encoded so far. */
  readonly frames: number;
  /** Time of the video that has been encoded, in seconds; 0 before the first frame. */
  readonly seconds: number;
  /** Bytes written so far; 0 if FFmpeg does not know. */
  readonly sizeBytes: number;
}

/** Parses FFmpeg's `-progress` report: lines of `key=value`, in blocks that each end with the key `progress`. */
export class ProgressParser {
  #rest = "";
  #block = new Map<string, string>();

  /** Takes text in chunks of any size. @returns The blocks that it completes */
  push(text: string): EncodeProgress[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-1000); // lines are short: a longer one does not belong to a report
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

/** FFmpeg writes `N/A` for unknown values, and a huge negative time before the first frame. */
function numberOf(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
