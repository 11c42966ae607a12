import { FarmError } from "../../core/errors.ts";
import { homeFolder } from "../../system/files/home-folder.ts";
import { isOutOfDescriptors, moreDescriptors } from "../../system/files/shortage.ts";
import { askProgram } from "../../system/programs/ask-program.ts";
import { placesHere, usualBlenders } from "./usual-blenders.ts";

/** A Blender that can be started on this machine. */
export interface BlenderProgram {
  readonly path: string;
  readonly version: string;
}

/** The first start after an installation reads a lot from disk. */
const answerTimeoutMs = 60_000;

const wayToBlender =
  "Install Blender (Debian and Ubuntu: sudo apt-get install blender; macOS: brew install --cask blender; Windows: winget install BlenderFoundation.Blender), or name it with --blender FILE";

/**
 * Finds this machine's Blender: the one asked for, `$BLENDER`, the one on PATH, then the usual places
 * (`usualBlenders`).
 *
 * @throws {FarmError} `FARM_NO_BLENDER` that says how to get one, or why it cannot be started
 */
export async function findBlender(asked: string | undefined, signal: AbortSignal): Promise<BlenderProgram> {
  const named = asked ?? process.env.BLENDER;
  if (named !== undefined && named !== "") {
    const version = await versionOf(named, signal);
    if (version !== undefined) return { path: named, version };
    throw new FarmError("FARM_NO_BLENDER", `Cannot start Blender as '${named}'`, wayToBlender);
  }
  for (const path of usualBlenders(placesHere(homeFolder()))) {
    const version = await versionOf(path, signal);
    if (version !== undefined) return { path, version };
  }
  throw new FarmError(
    "FARM_NO_BLENDER",
    "Cannot render: no node answers on the network, and this machine has no Blender",
    `${wayToBlender}; or start a node on another machine: blender -b -P blender_scripts/main.py`,
  );
}

async function versionOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  const { stdout, systemCode } = await askProgram(path, ["--version"], { timeoutMs: answerTimeoutMs, signal });
  if (isOutOfDescriptors(systemCode)) {
    const message = `Cannot start Blender as '${path}': too many files are open (${systemCode})`;
    throw new FarmError("FARM_NO_BLENDER", message, moreDescriptors);
  }
  return /^Blender (\d+\.\d+(?:\.\d+)?)/m.exec(stdout)?.[1];
}
