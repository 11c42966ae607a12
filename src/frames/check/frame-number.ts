import type { Frame } from "../../core/node.ts";
import { FrameFaultFound } from "./frame-expectation.ts";

/**
 * Checks the frame number in a picture's metadata. Blender may pad it: `007`, `-07`.
 *
 * @throws {FrameFaultFound} `WRONG_FRAME`
 */
export function checkFrameNumber(text: string, frame: Frame): void {
  if (/^-?\d{1,10}$/.test(text) && Number(text) === frame) return;
  throw new FrameFaultFound("WRONG_FRAME", `it says that it is frame ${text.slice(0, 20)}, not ${frame}`);
}

/** The fault of a picture without the metadata that must be there. */
export function noFrameNumber(): FrameFaultFound {
  return new FrameFaultFound("WRONG_FRAME", "it does not say which frame it is");
}
