import { extname } from "node:path";
import type { Frame } from "../../core/node.ts";
import { isPortablePath } from "../../core/paths/portable-path.ts";
import { type PictureForm, viewsBeside } from "../../core/pictures/picture-form.ts";
import { formatsWith, nameOfFormat } from "../../core/pictures/picture-format.ts";
import { nameOfPicture } from "../../core/pictures/picture-names.ts";
import type { FrameFault, FrameFormat } from "../check/frame-expectation.ts";
import { checkPictureFile } from "../check/pictures/picture-check.ts";
import { formatOfContent } from "../check/pictures/picture-format.ts";
import type { FrameRecord, PictureRecord } from "../frame-record.ts";

/** What the pictures beside the PNGs of a job must be like. */
export interface PicturesExpectation {
  readonly form: PictureForm;
  readonly format: FrameFormat;
}

/**
 * Whether a record lists the pictures that this job wants: each view once, and those of File Output nodes, of which only
 * the frame itself can tell how many there are.
 */
export function listsPictures({ pictures = [], passes = false }: FrameRecord, form: PictureForm): boolean {
  return String(viewsIn(pictures)) === String(viewsBeside(form)) && (passes || form.nodes === 0);
}

/** The names that a frame's pictures of File Output nodes will have, as file systems that ignore case see them. */
export function placedNames(frame: Frame, pictures: readonly PictureRecord[]): readonly string[] {
  return pictures.flatMap(({ kind, name }) =>
    kind === "node" ? [nameOfPicture(name, frame).normalize().toLowerCase()] : [],
  );
}

/**
 * What is wrong with the list of a frame's pictures, before they are received; `null` if nothing is.
 */
export function faultOfList(pictures: readonly PictureRecord[], form: PictureForm): string | null {
  const views = viewsIn(pictures);
  const lacking = viewsBeside(form).find((view) => !views.includes(view));
  if (lacking !== undefined) return `it lacks the ${nameOfFormat(form.format)} picture${ofView(form, lacking)}`;
  if (String(views) !== String(viewsBeside(form))) return "it has pictures of views that the scene has not";
  const names = pictures.flatMap(({ kind, name }) => (kind === "node" ? [name] : []));
  const unsafe = names.find((name) => !isPortablePath(name));
  if (unsafe !== undefined) return `one of its pictures cannot have its name: ${unsafe.slice(0, 100)}`;
  const isTwice = new Set(names.map((name) => name.toLowerCase())).size < names.length;
  return isTwice ? "two of its pictures have one name" : null;
}

/**
 * Checks that a file is this picture of the frame: complete, and a view also of the right format, size, depth and frame.
 *
 * @returns What is wrong with it, with the code of a frame's fault; `null` if nothing is
 */
export async function faultOfPicture(
  path: string,
  frame: Frame,
  picture: PictureRecord,
  { form, format }: PicturesExpectation,
  signal?: AbortSignal,
): Promise<{ readonly code: FrameFault; readonly message: string } | null> {
  const isView = picture.kind === "view";
  const found = isView ? form.format : await formatOfContent(path);
  const named = formatsWith(extname(picture.name).toLowerCase());
  if (!isView && named.length > 0 && (found === null || !named.includes(found))) {
    return { code: "WRONG_FORMAT", message: `its picture ${picture.name} is none of that kind` };
  }
  if (found === null) return null; // a format that nobody here can check; its digest has been compared
  const { width, height } = format;
  const verdict = await checkPictureFile(
    path,
    {
      format: found,
      size: isView ? { width, height } : null,
      depth: isView ? form.depth : null,
      frame: isView ? frame : null,
      mustHaveFrame: isView && form.numbered,
    },
    signal,
  );
  if (verdict.ok) return null;
  return {
    code: verdict.code,
    message: `its picture${isView ? ofView(form, picture.view) : ` ${picture.name}`}: ${verdict.message}`,
  };
}

function viewsIn(pictures: readonly PictureRecord[]): readonly number[] {
  return pictures.flatMap(({ kind, view }) => (kind === "view" ? [view] : [])).sort((one, other) => one - other);
}

function ofView({ suffixes }: PictureForm, view: number): string {
  return suffixes.length > 1 ? ` of the view ${suffixes[view] ?? view}` : "";
}
