import type { OutputWriter, WriterOptions } from "./output-writer.ts";
import { SequenceWriter } from "./sequence-writer.ts";
import { VideoWriter } from "./video-writer.ts";

/**
 * Begins the output. What is already stored must be accepted like any other frame.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` and others, before anything is rendered
 */
export async function openOutput(options: WriterOptions): Promise<OutputWriter> {
  const { format } = options;
  return format.kind === "sequence"
    ? await SequenceWriter.open(options, format.names)
    : new VideoWriter(options, format);
}
