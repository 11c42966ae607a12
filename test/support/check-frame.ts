import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkFrameFile } from "../../src/frames/check/frame-check.ts";
import type { FrameExpectation, FrameVerdict } from "../../src/frames/check/frame-expectation.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Checks a frame that a test has in memory, as the store checks it: in a file. */
export async function checkFrame(bytes: Uint8Array, expected: FrameExpectation): Promise<FrameVerdict> {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "frame.png");
  await writeFile(path, bytes, { mode: 0o600 });
  return await checkFrameFile(path, expected);
}
