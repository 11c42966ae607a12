import type { EncodeLane, LaneOptions } from "./output-writer.ts";
import { SequenceLane } from "./sequence-writer.ts";
import { VideoLane } from "./video-writer.ts";

/**
 * Begins the output. What is already stored must be accepted like any other frame.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` and others, before anything is rendered
 */
export async function openLane(options: LaneOptions): Promise<EncodeLane> {
  const { format } = options;
  return format.kind === "sequence" ? await SequenceLane.open(options, format.names) : new VideoLane(options, format);
}
