import { basename } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { previewStep } from "../../config/preview.ts";
import { formatFrames, parseFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import { onlyPng, type PictureForm } from "../../core/pictures/picture-form.ts";
import { type PictureFormat, pictureFormats } from "../../core/pictures/picture-format.ts";
import { areSuffixes } from "../../core/pictures/picture-names.ts";
import type { VideoCodec } from "../../core/video-codec.ts";
import { codecs } from "../../encode/codecs.ts";
import { type FrameRate, formatFrameRate, frameRateOf, parseFrameRate, slowed } from "../../encode/frame-rate.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import type { FrameFormat } from "../../frames/check/frame-expectation.ts";
import type { SceneInfo, SceneSummary } from "../../session/protocol.ts";
import { requireForm } from "./pictures/wanted-pictures.ts";
import type { SceneFacts, SentFacts } from "./scene-facts.ts";
import { soundSourceOf } from "./wanted-sound.ts";

/** Everything that determines the output, except the frames' pixels. */
export interface OutputFacts {
  /** Sorted, each once. */
  readonly frames: readonly Frame[];
  readonly rate: FrameRate;
  readonly frameFormat: FrameFormat;
  /** What pictures each frame has besides its PNG. */
  readonly pictures: PictureForm;
}

/** What `job.json` keeps: enough to finish without any node. */
export interface RecordedFacts extends OutputFacts {
  readonly scene: SceneSummary;
  readonly missing: readonly string[];
  /** See `SceneFacts`. */
  readonly files: string | null;
  /** See `SceneFacts`. */
  readonly inPlace: string | null;
  /** See `SceneFacts`; without the digests of single files if there were very many. */
  readonly sent: SentFacts;
  readonly output: string;
  /** Whether the job folder was not beside the output. */
  readonly isApart: boolean;
  readonly codec: VideoCodec | undefined;
  readonly crf: number | undefined;
  readonly poster: string | undefined;
  /** Where the sound came from: the scene, nowhere, or a file, whose path is not kept. */
  readonly sound: "scene" | "none" | "file";
  /** The format of pictures that the user asked for. */
  readonly format: PictureFormat | undefined;
  /** Whether the pictures of File Output nodes were wanted. */
  readonly passes: boolean;
}

/** @throws {FarmError} `FARM_BAD_INPUT` if `--fps` is not a frame rate, or the scene's pictures cannot become this output */
export function outputFactsOf(scene: SceneFacts, settings: JobSettings, format: OutputFormat): OutputFacts {
  const { fps, fpsBase, width, height, colorMode } = scene.scene;
  const { pictures } = scene;
  requireForm(pictures, settings, format);
  const rate = settings.fps === undefined ? frameRateOf(fps, fpsBase) : parseFrameRate(settings.fps);
  return {
    frames: scene.frames,
    rate: settings.preview ? slowed(rate, previewStep) : rate,
    frameFormat: {
      ...{ width, height, colorMode: format.canHaveAlpha ? colorMode : "RGB" },
      depth: pngDepthOf(scene, settings, format),
    },
    pictures,
  };
}

/** The bits of the PNGs, as a node decides them too. */
function pngDepthOf({ scene, pictures }: SceneFacts, { depth }: JobSettings, { kind }: OutputFormat): 8 | 16 {
  if (pictures.format !== "png") return kind === "sequence" ? 8 : scene.depth;
  return depth === 8 || depth === 16 ? depth : scene.depth;
}

/** More would make `job.json` too long. They only name what has changed. */
const mostDigests = 5_000;

export function recordFacts(scene: SceneFacts, facts: OutputFacts, settings: JobSettings): Record<string, unknown> {
  const { output, codec = null, crf = null, poster = null } = settings;
  return {
    ...{ output, codec, crf, poster, isApart: settings.jobDir !== undefined },
    sound: soundSourceOf(settings),
    frames: formatFrames(facts.frames),
    rate: formatFrameRate(facts.rate),
    ...facts.frameFormat,
    missing: scene.missing,
    files: scene.files,
    inPlace: scene.inPlace,
    sent: {
      ...{ series: scene.sent.series, all: scene.sent.all },
      isByFrame: scene.sent.isByFrame,
      digests: scene.sent.digests.size > mostDigests ? {} : Object.fromEntries(scene.sent.digests),
    },
    scene: { ...scene.scene, cameras: [] },
    ...{ pictures: scene.pictures, passes: settings.passes, format: settings.format ?? null },
  };
}

/** @returns `null` if it is not what {@link recordFacts} writes */
export function parseFacts(value: Readonly<Record<string, unknown>> | null): RecordedFacts | null {
  if (value === null) return null;
  const scene = parseScene(value.scene);
  const frameFormat = parseFrameFormat(value);
  const { frames, rate, output, isApart, codec, crf, poster, missing, files, inPlace, sent, sound } = value;
  if (scene === null || frameFormat === null) return null;
  if (typeof frames !== "string" || typeof rate !== "string" || typeof output !== "string") return null;
  if (/^\.{0,2}$/.test(basename(output))) return null; // not a file name
  try {
    return {
      ...{ scene, frameFormat, output, frames: parseFrames(frames), rate: parseFrameRate(rate) },
      isApart: isApart === true,
      missing: Array.isArray(missing) ? missing.map(String) : [],
      files: typeof files === "string" ? files : null,
      inPlace: typeof inPlace === "string" ? inPlace : null,
      sent: parseSent(sent),
      ...{ pictures: parsePictures(value.pictures), passes: value.passes !== false },
      format: pictureFormats.find((each) => each === value.format),
      codec: typeof codec === "string" && codec in codecs ? (codec as VideoCodec) : undefined,
      crf: typeof crf === "number" ? crf : undefined,
      poster: typeof poster === "string" ? poster : undefined,
      sound: sound === "none" || sound === "file" ? sound : "scene",
    };
  } catch {
    return null; // invalid frames or frame rate
  }
}

function parseSent(value: unknown): SentFacts {
  const { series, all, digests, isByFrame } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const known = typeof digests === "object" && digests !== null ? Object.entries(digests) : [];
  return {
    series: typeof series === "string" ? series : null,
    // An older release kept none.
    all: typeof all === "string" ? all : known.length > 0 ? "" : null,
    digests: new Map(known.map(([path, digest]) => [path, String(digest)])),
    isByFrame: isByFrame === true,
  };
}

/** @returns The form of an older release's frames if it is not one */
function parsePictures(value: unknown): PictureForm {
  const { format, depth, suffixes, numbered, nodes } = (
    typeof value === "object" && value !== null ? value : {}
  ) as Record<string, unknown>;
  const known = pictureFormats.find((each) => each === format);
  if (known === undefined || (depth !== 8 && depth !== 16 && depth !== 32)) return onlyPng;
  if (!Array.isArray(suffixes) || suffixes.length === 0 || !areSuffixes(suffixes.map(String))) return onlyPng;
  const views = { suffixes: suffixes.map(String), numbered: numbered === true };
  return { format: known, depth, ...views, nodes: typeof nodes === "number" ? nodes : 0 };
}

/** The scene as a node would describe it. */
export function sceneInfoOf({ scene, missing, files, pictures }: RecordedFacts): SceneInfo {
  const form = { ...pictures, suffixes: [...pictures.suffixes] };
  const references = missing.map((path) => ({ kind: "", path, missing: true }));
  const known = { scenes: [scene], references, files, simulations: [], device: "" };
  return { activeScene: scene.name, scene: scene.name, savedBy: null, pictures: form, ...known };
}

function parseScene(value: unknown): SceneSummary | null {
  if (typeof value !== "object" || value === null) return null;
  const scene = value as Record<string, unknown>;
  const frameFormat = parseFrameFormat(scene);
  if (frameFormat === null) return null;
  const [name, engine, camera] = [scene.name, scene.engine, scene.camera];
  if (typeof name !== "string" || typeof engine !== "string") return null;
  const numbers = ["frameStart", "frameEnd", "frameStep", "fps", "fpsBase"].map((key) => scene[key]);
  if (!numbers.every((number) => typeof number === "number" && Number.isFinite(number))) return null;
  const [frameStart = 0, frameEnd = 0, frameStep = 1, fps = 0, fpsBase = 1] = numbers as number[];
  return {
    ...frameFormat,
    ...{ name, engine, frameStart, frameEnd, frameStep, fps, fpsBase },
    camera: typeof camera === "string" ? camera : null,
    cameras: [],
    sequencer: scene.sequencer === true,
    transparent: scene.transparent === true,
    views: Array.isArray(scene.views) ? scene.views.map(String) : [],
    sound: scene.sound === true,
  };
}

function parseFrameFormat({ width, height, depth, colorMode }: Record<string, unknown>): FrameFormat | null {
  if (!isSize(width) || !isSize(height) || (depth !== 8 && depth !== 16)) return null;
  if (colorMode !== "BW" && colorMode !== "RGB" && colorMode !== "RGBA") return null;
  return { width, height, depth, colorMode };
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
