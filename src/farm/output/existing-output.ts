import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { FarmError } from "../../core/errors.ts";
import { formatFrames, parseFrames } from "../../core/frame-range.ts";
import { pictureSizeOf } from "../../encode/ffmpeg/ffmpeg-arguments.ts";
import { differenceOf, probeVideo } from "../../encode/ffmpeg/probe.ts";
import { framesLogIn, jobFolderOf, requireSafeJobFolder } from "../../frames/job-folder-place.ts";
import { type JobRecord, readJobRecord } from "../../frames/job-record.ts";
import { standingIn } from "../../frames/stored-frames.ts";
import { hashFile } from "../../system/files/hash-file.ts";
import { parseFacts } from "./output-facts.ts";
import { arePlaced } from "./pictures/placed-before.ts";
import { prepareOutput } from "./prepare-output.ts";
import { recordedScene } from "./recorded-scene.ts";
import { chosenOf } from "./scene-facts.ts";
import { soundSourceOf } from "./wanted-sound.ts";

/**
 * Checks whether this very job has already made its video. A coordinator may be killed between naming the video and
 * reporting that, and then the same command must succeed. The file must be younger than the job's record, made from the
 * same blendfile and frames, and be the expected video; any other file is somebody else's and is left alone.
 *
 * @returns The number of its frames, or `null`
 */
export async function videoDoneBefore(settings: JobSettings, signal: AbortSignal): Promise<number | null> {
  const { output, overwrite, fresh, poster, jobDir } = settings;
  if (overwrite || fresh || poster !== undefined) return null;
  const folder = jobFolderOf(output, jobDir);
  const isSafe = await requireSafeJobFolder(folder).then(
    () => true,
    () => false, // what is wrong with it is reported when it is opened
  );
  if (!isSafe) return null;
  const recordPath = join(folder, "job.json");
  const [video, recorded] = await Promise.all([output, recordPath].map((path) => stat(path).catch(() => null)));
  if (!video?.isFile() || !recorded || video.mtimeMs < recorded.mtimeMs) return null;
  try {
    const record = await readJobRecord(recordPath);
    return record === null ? null : await framesOfVideo(settings, record, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FarmError) return null; // it is not that video, or cannot be read
    throw error;
  }
}

async function framesOfVideo(settings: JobSettings, record: JobRecord, signal: AbortSignal): Promise<number | null> {
  const facts = parseFacts(record.facts);
  if (facts === null || facts.output !== settings.output) return null;
  if (facts.codec !== settings.codec || facts.crf !== settings.crf) return null;
  if (record.settings.scene !== settings.scene || record.settings.fps !== settings.fps) return null;
  const asked =
    settings.frames === undefined
      ? record.settings.frames
      : formatFrames(chosenOf(parseFrames(settings.frames), settings));
  if (settings.frames === undefined ? asked !== undefined : asked !== formatFrames(facts.frames)) return null;
  const sha256 = await hashFile(settings.blend, signal);
  if (sha256 !== record.blend.sha256) return null;
  // What a file sounded like is not kept.
  if (facts.sound !== soundSourceOf(settings) || facts.sound === "file") return null;
  const { format, pictures, tools, wav } = await prepareOutput({ ...settings, overwrite: true }, signal);
  if (format.kind !== "video" || tools === undefined) return null;
  // Another Blender, scripts, or files that only a node can check: it might be another film now.
  if (recordedScene(record, settings, { blend: { sha256 }, format, pictures }) === null) return null;
  if (facts.format !== settings.format || (wav !== undefined && (await stat(wav).catch(() => null)) === null))
    return null;
  const { output } = settings;
  const records = await standingIn(framesLogIn(jobFolderOf(output, settings.jobDir)));
  if (!(await arePlaced(records, facts, { format, output, passes: pictures.nodes }))) return null;
  const { frames, rate, frameFormat } = facts;
  const expected = {
    ...{ frames: frames.length, rate, keepsRate: true },
    ...pictureSizeOf({ format, rate, ...frameFormat }),
  };
  const difference = differenceOf(await probeVideo(tools, settings.output, signal), expected);
  return difference === null ? frames.length : null;
}
