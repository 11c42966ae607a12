import { createHash } from "node:crypto";
import type { JobSettings } from "../../config/job-settings.ts";
import { previewStep } from "../../config/preview.ts";
import { FarmError } from "../../core/errors.ts";
import { framesOfRange, parseFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import { onlyPng, type PictureForm } from "../../core/pictures/picture-form.ts";
import { printable } from "../../core/text.ts";
import type { Reference, SceneInfo, SceneSummary, Simulation } from "../../session/protocol.ts";
import { filesMissing, nameOf, type UnsentFiles } from "./missing-files.ts";
import { refuseSimulations } from "./simulations.ts";

/** What a job renders, from the blendfile and the settings. */
export interface SceneFacts {
  readonly scene: SceneSummary;
  /** Sorted, each once. */
  readonly frames: readonly Frame[];
  /** Files that the scene uses and that were not found; empty unless `--missing warn` allows them. */
  readonly missing: readonly string[];
  /** Files that would be heard and were not found. */
  readonly unheard: readonly string[];
  /** Digest of the files outside the blendfile, as the node has them; `null` if there are none. */
  readonly files: string | null;
  /** Digest of the sequences that the first node has itself, of which it reports one file each; `null` without any. */
  readonly inPlace: string | null;
  readonly sent: SentFacts;
  /** Where files were found whose paths are those of another machine, by their paths in the blendfile. */
  readonly moved: ReadonlyMap<string, string>;
  /** What is not baked and depends on the frames before. */
  readonly simulations: readonly Simulation[];
  /** What pictures each frame has. */
  readonly pictures: PictureForm;
}

/** What is known of the files that were sent with the blendfile. */
export interface SentFacts {
  /** Digest of all files of sequences, tiles and caches; `null` if there are none. */
  readonly series: string | null;
  /** Digest of all files; `null` if there are none. */
  readonly all: string | null;
  /** Digest of each file, by its path from the blendfile's folder. */
  readonly digests: ReadonlyMap<string, string>;
  /** Whether some of the files are needed by some frames only: then each stored frame has a digest of its own files. */
  readonly isByFrame: boolean;
}

/** What is known of the contents of the files. */
interface SentContents {
  readonly seriesDigest: string | null;
  readonly allDigest: string | null;
  readonly digests: ReadonlyMap<string, string>;
  /** The paths of those that only some frames need. */
  readonly later: readonly string[];
}

/** The files that were sent with the blendfile. */
export interface SentFiles extends UnsentFiles {
  readonly contents: SentContents;
  readonly moved: ReadonlyMap<string, string>;
  /** Whether files that can only be heard are needed. */
  readonly sendsSound: boolean;
}

export const nothingSent: SentFiles = {
  contents: { seriesDigest: null, allDigest: null, digests: new Map(), later: [] },
  ...{ moved: new Map(), unnamedRoots: [], choices: new Map(), sendsSound: false },
  whyNot: () => undefined,
};

/**
 * Resolves what is rendered.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` if the scene cannot be rendered as asked; `FARM_FILES_MISSING` with the paths
 */
export function resolveScene(info: SceneInfo, settings: JobSettings, sent: SentFiles = nothingSent): SceneFacts {
  const scene = info.scenes.find((candidate) => candidate.name === info.scene);
  if (!scene) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot find the scene '${settings.scene ?? info.scene}' in the blendfile`,
      `It has: ${info.scenes.map((candidate) => printable(candidate.name)).join(", ")}`,
    );
  }
  if (scene.camera === null && !scene.sequencer) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot render the scene '${printable(scene.name)}': it has no active camera`,
      "Set one in Blender (Scene properties, Camera) and save, or name one with --camera, and run the same command again",
    );
  }
  const unheard = info.references.filter(({ audible, visible, missing }) => missing && audible && visible === false);
  const silent = sent.sendsSound ? unheard : [];
  const missing = [...info.references.filter(isNeededAndMissing), ...silent];
  if (missing.length > 0 && settings.missing !== "warn") {
    throw filesMissing(missing, sent);
  }
  if (settings.simulations === "refuse") refuseSimulations(info.simulations);
  return {
    ...{ scene, frames: chosenOf(framesOf(scene, settings.frames), settings), files: info.files },
    missing: missingIn(info),
    unheard: silent.map(nameOf),
    inPlace: inPlaceDigest(info),
    sent: {
      series: sent.contents.seriesDigest,
      all: sent.contents.allDigest,
      digests: sent.contents.digests,
      isByFrame: sent.contents.later.length > 0,
    },
    moved: sent.moved,
    simulations: info.simulations,
    pictures: info.pictures ?? onlyPng,
  };
}

function inPlaceDigest({ references }: SceneInfo): string | null {
  const files = references.flatMap(({ path, numbers, sha256 }) => (numbers && sha256 ? [[path, sha256]] : [])).sort();
  return files.length === 0 ? null : createHash("sha256").update(JSON.stringify(files)).digest("hex");
}

/** What the scene needs and the node has not, as text for the user: files, and what its Blender was built without. */
export function missingIn({ references }: SceneInfo): readonly string[] {
  const needed = references.filter(({ visible }) => visible !== false);
  const unread = needed.filter(({ missing, lacks }) => lacks && !missing);
  return [
    ...needed.filter(isNeededAndMissing).map(nameOf),
    ...unread.map((file) => `${printable(String(file.lacks))} for ${nameOf(file)}`),
  ];
}

function isNeededAndMissing({ missing, visible, computed }: Reference): boolean {
  return missing && visible !== false && computed !== true;
}

/** Those of the frames that are rendered: the first and every fourth after it for a preview, otherwise all. */
export function chosenOf(frames: readonly Frame[], { preview }: Pick<JobSettings, "preview">): readonly Frame[] {
  return preview ? frames.filter((_, index) => index % previewStep === 0) : frames;
}

function framesOf(scene: SceneSummary, asked: string | undefined): readonly Frame[] {
  if (asked !== undefined) return parseFrames(asked);
  if (scene.frameEnd < scene.frameStart) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot render the scene's own range: it goes from ${scene.frameStart} to ${scene.frameEnd}`,
      "Give the frames with --frames, for example --frames 1-24",
    );
  }
  return framesOfRange(scene.frameStart, scene.frameEnd, scene.frameStep);
}
