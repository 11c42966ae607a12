import { lstat } from "node:fs/promises";
import { framePathOf } from "../../../encode/pictures/frame-names.ts";
import { nodePicturePath } from "../../../encode/pictures/node-pictures.ts";
import type { FrameRecord } from "../../../frames/frame-record.ts";
import type { RecordedFacts } from "../output-facts.ts";
import type { WriterOptions } from "../output-writer.ts";
import { passesFolderOf, pictureOfView, wantedSequencesOf } from "./picture-sets.ts";

/**
 * Whether the pictures that came beside a finished video are still there, with their sizes: a job whose video is there has
 * put them in place before it.
 *
 * @param records Those of the job's frames
 */
export async function arePlaced(
  records: ReadonlyMap<number, FrameRecord>,
  facts: RecordedFacts,
  { format, output, passes }: Pick<WriterOptions, "format" | "output" | "passes">,
): Promise<boolean> {
  const sequences = wantedSequencesOf({ facts, format, output, beside: facts.format });
  const folder = passesFolderOf(output, format);
  for (const frame of facts.frames) {
    const record = records.get(frame);
    if (record === undefined) return false;
    const { pictures = [] } = record;
    const wanted = sequences.map(({ names, view }) => ({
      path: framePathOf(names, frame),
      sizeBytes: view === null ? record.sizeBytes : pictureOfView(pictures, view)?.sizeBytes,
    }));
    for (const { kind, name, sizeBytes } of passes ? pictures : []) {
      if (kind === "node") wanted.push({ path: nodePicturePath(folder, name, frame), sizeBytes });
    }
    for (const { path, sizeBytes } of wanted) {
      const there = await lstat(path).catch(() => null);
      if (there === null || there.size !== sizeBytes) return false;
    }
  }
  return true;
}
