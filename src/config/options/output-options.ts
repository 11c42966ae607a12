import { resolve } from "node:path";
import { z } from "zod";
import { pictureFormats } from "../../core/pictures/picture-format.ts";
import { asGiven, asPath, isOn, option, switchedByText, text, whole } from "./option.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const soundKeywords: readonly string[] = ["auto", "off", "wav"];

/** How the output is made. */
export const outputOptions = {
  /** Frames per second as text, "24" or "30000/1001"; `undefined` takes the scene's own rate. */
  fps: option({
    ...{ group: "The output", takes: "<rate>", inFarmspec: true },
    schema: z.union([z.string(), z.number()]).transform(String),
    help: "frames per second, 24 or 30000/1001 (default: the scene's)",
    readme: "`24`, `23.976`, `30000/1001`. Default: the scene's",
    setting: asGiven,
  }),
  /** Whether to render three frames first, and say from their times how long the job takes. */
  estimate: option({
    ...{ group: "The output", schema: z.boolean() },
    help: "render three frames, say how long the others will take, and ask whether to render them",
    readme:
      "render three frames of the job, say how long the others will take, and ask whether to render them. If nobody can be asked (no terminal, `--yes`, `--json`), they are not rendered, and the exit code is 0. The three frames are kept: the same command without `--estimate` uses them",
    setting: isOn,
  }),
  /** Whether to render small, few frames with few samples, into an output beside the given one. */
  preview: option({
    ...{ group: "The output", schema: z.boolean() },
    help: "render a preview: half size, at most 16 samples, every fourth frame, as out.preview.mp4",
    readme:
      "render a preview: half size, at most 16 samples per pixel with Cycles and EEVEE, the first frame and every fourth after it, at the same speed. Its output has a name of its own, `out.preview.mp4` for `out.mp4`, and so has its job folder: nothing of it is mixed with the final frames",
    setting: isOn,
  }),
  /** The format of pictures; `undefined` for the scene's own, or that of the output's extension. */
  format: option({
    ...{ group: "The output", takes: "<format>", inFarmspec: true },
    schema: z.enum(pictureFormats),
    help: "the format of pictures: png exr exr-multilayer jpeg tiff webp (default: the output's extension, or the scene's)",
    readme:
      "the format of pictures: `png exr exr-multilayer jpeg tiff webp`. Default: by the output's extension, otherwise as the scene says. With a video, pictures of this format come into a folder beside it, `out.frames`",
    setting: asGiven,
  }),
  /** Bits per channel of pictures; `undefined` for the scene's own. */
  depth: option({
    ...{ group: "The output", takes: "<bits>", inFarmspec: true },
    schema: z.coerce.number().pipe(z.literal([8, 16, 32], "8, 16 or 32 is needed")),
    help: "bits per channel of pictures: 8, 16 or 32 (default: the scene's)",
    readme: "bits per channel of pictures: 8, 16 or 32, as far as the format allows. Default: the scene's",
    setting: asGiven,
  }),
  /** Whether the pictures of File Output nodes come back. */
  passes: option({
    ...{ group: "The output", takes: "<on|off>", inFarmspec: true },
    schema: z.enum(["on", "off"]),
    help: "whether pictures of File Output nodes come into a folder beside the output (default: on)",
    readme:
      "`on` (default) brings the pictures of the scene's File Output nodes into a folder beside the output, `out.passes`, under their own names; `off` drops them",
    setting: (value) => value !== "off",
  }),
  /** How the video is compressed; `undefined` is the usual codec of the output's kind. */
  codec: option({
    ...{ group: "The output", takes: "<codec>", inFarmspec: true },
    schema: z.enum(["h264", "hevc", "av1", "vp9", "prores", "ffv1"]),
    help: "how the video is compressed (default: by the output's extension)",
    readme: "`h264 hevc av1 vp9 prores ffv1`, as far as container and FFmpeg allow. Default: by the extension",
    setting: asGiven,
  }),
  /** Quality of the video, lower is better, in the codec's own scale; `undefined` is the codec's default. */
  crf: option({
    ...{ group: "The output", takes: "<number>", schema: whole(0, 63), inFarmspec: true },
    help: "quality, lower is better (default: the codec's)",
    readme: "quality, lower is better, in the codec's own scale",
    setting: asGiven,
  }),
  /** Where the sound of a video comes from: the scene, nowhere, or the absolute path of a file. "wav" also writes a file. */
  audio: option({
    ...{ group: "The output", takes: "<what>", schema: text },
    help: "auto, off, wav (also a file beside the output), or the file to take instead (default: auto)",
    readme:
      "the sound: `auto` (default) has a node mix the scene's sound down, and puts it into the video; `off`; `wav` also writes it beside the output, for pictures too; a path takes that file instead",
    setting: (given = "auto", workingFolder) => (soundKeywords.includes(given) ? given : resolve(workingFolder, given)),
  }),
  /** Absolute path for a picture of the first frame; `undefined` makes none. */
  poster: option({
    ...{ group: "The output", takes: "<file>", schema: text },
    help: "also keep the first frame as a picture",
    setting: asPath,
  }),
  /** Render all frames again, even if frames of an earlier run could be used; those are kept aside. */
  fresh: option({
    ...{ group: "The output", schema: z.boolean() },
    help: "render all frames again; those of an earlier run are kept aside",
    setting: isOn,
  }),
  /** Whether the frames are kept when the output is done. */
  keepFrames: option({
    ...{ group: "The output", schema: z.boolean(), inFarmspec: true },
    help: "keep the frames when the output is done",
    readme: "keep the PNG frames after the output is done",
    setting: isOn,
  }),
  /** Whether an existing output is replaced. */
  overwrite: option({
    ...{ group: "The output", schema: z.boolean() },
    help: "replace the output if it exists",
    readme: "replace the output if it exists; if it is a link, only the link",
    setting: isOn,
  }),
  /** Absolute path of a folder in which the job folder is made; `undefined` makes it beside the output. */
  jobDir: option({
    ...{ group: "The output", takes: "<folder>", schema: text, environment: "RENDERFARM_JOB_DIR" },
    help: "make the job folder in this one (default: $RENDERFARM_JOB_DIR, then beside the output)",
    readme: "make the job folder in this one, which may be on another disk. Default: beside the output",
    setting: asPath,
  }),
  /** FFmpeg to use; `undefined` uses FFMPEG_PATH, then PATH. */
  ffmpeg: option({
    ...{ group: "The output", takes: "<file>", schema: text },
    help: "the FFmpeg to encode with (default: $FFMPEG_PATH, then PATH)",
    readme: "the FFmpeg to encode with. Default: `$FFMPEG_PATH`, then PATH",
    setting: asGiven,
  }),
};

/** What the command line shows and asks; none of them is a setting of the job. */
export const reportingOptions = {
  yes: option({ group: "What to show", short: "y", schema: z.boolean(), help: "ask no questions" }),
  json: option({
    ...{ group: "What to show", schema: z.boolean() },
    help: "print every event as one JSON object per line on stdout",
    readme:
      'one JSON object per line on stdout: `{"type": …, "at": …}`, the last one `job:completed`, `job:failed`, `job:interrupted` or, with `--estimate`, `job:estimated`. While nobody reads them, only progress events are dropped',
  }),
  plain: option({ group: "What to show", schema: z.boolean(), help: "lines instead of the live view" }),
  notify: option({
    ...{ group: "What to show", isNegated: true, schema: switchedByText, inFarmspec: true },
    environment: "RENDERFARM_NOTIFY",
    help: "when a job of more than a minute ends, do not ring the bell and show no notification",
    readme:
      "when a job of more than a minute ends, do not ring the terminal's bell and show no notification on the desktop. They need a terminal, and are never used in a CI. `RENDERFARM_NOTIFY=no` does the same",
  }),
  onDone: option({
    ...{ group: "What to show", takes: "<command>", schema: text, environment: "RENDERFARM_ON_DONE" },
    help: "run this by your shell when the job has ended, with the result as JSON on its standard input",
    readme:
      "run this by your shell when the job has ended, however it did, with [the result](#when-a-job-ends) as JSON on its standard input. Default: `$RENDERFARM_ON_DONE`; never from a farmspec",
  }),
  logLevel: option({
    ...{ group: "What to show", takes: "<level>", schema: z.enum(logLevels), environment: "RENDERFARM_LOG_LEVEL" },
    help: "log this level and above on stderr (default: warn)",
    readme: "log this level and above on stderr. Default: `warn`. The whole log is in the job folder",
  }),
};
