import { FarmError } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { parseFrames } from "../core/frame-range.ts";
import type { NamedNode } from "../core/node.ts";
import { parseNodeList } from "../core/node-list.ts";
import { ownCommand } from "../core/own-command.ts";
import { parseDuration } from "../core/units.ts";
import type { Farmspec } from "./farmspec.ts";
import { type Folders, foldersOf } from "./folders.ts";
import type { JobSettings } from "./job-settings.ts";
import { loadKeys } from "./keys.ts";
import { type RenderFlags, settingsOf } from "./options.ts";

/** What there is beside the flags when the settings of a job are resolved. */
export interface Context {
  readonly workingFolder: string;
  readonly folders: Folders;
  readonly keys: readonly FarmKey[];
  readonly farmspec: Farmspec | undefined;
}

/** What a job needs to be told: a blendfile and an output. Every other setting has a default. */
export type JobRequest = Pick<JobSettings, "blend" | "output"> & Partial<JobSettings>;

/** A render's flags with what stands below them: defaults < farmspec < environment < flags. */
export function layerFlags(flags: RenderFlags, environment: RenderFlags, farmspec: Farmspec | undefined): RenderFlags {
  return { ...(farmspec?.defaults as RenderFlags | undefined), ...withoutGaps(environment), ...withoutGaps(flags) };
}

/**
 * Resolves flags and defaults into the settings of a job.
 *
 * @param flags As `layerFlags` gives them, with the answers to questions
 * @throws {FarmError} `FARM_BAD_INPUT` naming the flag that is missing or senseless
 */
export function resolveSettings(flags: RenderFlags, context: Context): JobSettings {
  const { workingFolder, folders, keys, farmspec } = context;
  if (flags.blend === undefined) throw missingFlag("--blend", "the blendfile to render");
  if (flags.output === undefined) throw missingFlag("--output", "the video to write");
  if (flags.frames !== undefined) parseFrames(flags.frames); // a typing error is told before anything is started
  if (flags.local && flags.nodes !== undefined) {
    throw new FarmError("FARM_BAD_INPUT", "Cannot use --local together with --nodes", "Leave one of them out");
  }
  return {
    ...settingsOf(flags, workingFolder),
    ...nodesOf(flags, farmspec),
    waitMs: flags.wait === undefined ? undefined : parseDuration(flags.wait),
    keys,
    configFolder: folders.config,
    cacheFolder: folders.cache,
  };
}

/**
 * Completes what a program asks for: defaults for what it leaves out, this user's folders, and the keys that this machine
 * has. It reads no farmspec, and of the environment only folders and key.
 *
 * @throws {FarmError} `FARM_KEY_UNUSABLE` when a key cannot be read
 */
export async function completeRequest({ blend, output, ...given }: JobRequest): Promise<JobSettings> {
  const folders = foldersOf(process.env);
  const { configFolder = folders.config } = given;
  const keys = given.keys ?? (await loadKeys({ environment: process.env, keyFile: undefined, configFolder }));
  const context = { workingFolder: process.cwd(), folders, keys, farmspec: undefined };
  const settings = resolveSettings({ blend, output }, context);
  const discover = given.nodes === undefined || given.nodes.length === 0;
  return { ...settings, discover, ...withoutGaps(given) };
}

/** Nodes named on the command line stand for the whole farm; else those of the farmspec, with what it says of others. */
function nodesOf(flags: RenderFlags, farmspec: Farmspec | undefined): Pick<JobSettings, "nodes" | "discover"> {
  if (flags.nodes !== undefined) {
    // Typed, or set in this user's environment: the user answers for them.
    const nodes = parseNodeList(flags.nodes).map((node): NamedNode => ({ ...node, mayBeOpen: true }));
    return { nodes, discover: false };
  }
  const nodes = (farmspec?.nodes ?? []).map(
    ({ id, name, host, port, tls }): NamedNode => ({
      address: { host, port },
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      ...(tls !== undefined && { tls }),
    }),
  );
  return { nodes, discover: nodes.length === 0 || farmspec?.discover === true };
}

/** Without what is `undefined`, which would hide what stands below it. */
function withoutGaps<Given extends object>(given: Given): Given {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;
}

function missingFlag(flag: string, what: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot start: ${flag} is missing`,
    `Give ${what}: ${ownCommand()} --blend scene.blend --output out.mp4`,
  );
}
