import type { FrameVerdict } from "../frame-expectation.ts";
export async function checkPictureFile(
  _path: string,
  _expected: unknown,
  _signal?: AbortSignal,
): Promise<FrameVerdict> {
  return { ok: true, flat: null };
}
