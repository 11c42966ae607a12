import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FrameFaultFound, type FrameVerdict } from "../../src/frames/check/frame-expectation.ts";
import { checkPictureFile, inspectPicture } from "../../src/frames/check/pictures/picture-check.ts";
import type { PictureExpectation } from "../../src/frames/check/pictures/picture-expectation.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Checks a picture that a test has in memory, as the store checks it: in a file. */
export async function checkPicture(bytes: Uint8Array, expected: PictureExpectation): Promise<FrameVerdict> {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "picture");
  await writeFile(path, bytes, { mode: 0o600 });
  return await checkPictureFile(path, expected);
}

/** "ok", or the code of what is wrong with a picture. */
export async function codeOfPicture(bytes: Uint8Array, expected: PictureExpectation): Promise<string> {
  const verdict = await checkPicture(bytes, expected);
  return verdict.ok ? "ok" : verdict.code;
}

/** The lengths to which a picture can be cut so that the check still accepts it: none, if it is strict. */
export async function acceptedCuts(bytes: Buffer, expected: PictureExpectation): Promise<number[]> {
  const accepted: number[] = [];
  for (let length = 0; length < bytes.length; length++) {
    if ((await faultInMemory(bytes.subarray(0, length), expected)) === null) accepted.push(length);
  }
  return accepted;
}

/** What the check finds in a picture that is not written to a file, which would take most of the time. */
export async function faultInMemory(bytes: Buffer, expected: PictureExpectation): Promise<FrameFaultFound | null> {
  const read = async (position: number, length: number) => bytes.subarray(position, position + length);
  try {
    await inspectPicture({ sizeBytes: bytes.length, read }, expected);
    return null;
  } catch (error) {
    if (error instanceof FrameFaultFound) return error;
    throw error;
  }
}
