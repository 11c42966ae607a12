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
import { type RenderFlags, type RenderSettings, settingsOf } from "./options.ts";
import { previewNameOf } from "./preview.ts";

/** What is known besides the flags when the settings of a job are resolved. */
export interface Context {
  readonly workingFolder: string;
  readonly folders: Folders;
  readonly keys: readonly FarmKey[];
  readonly farmspec: Farmspec | undefined;
  /** The folder of the farmspec. */
  readonly farmspecFolder?: string;
}

/** What a caller must give to run a job: a blendfile and an output. Every other setting has a default. */
export type JobRequest = Pick<JobSettings, "blend" | "output"> & Partial<JobSettings>;

/** Merges the flags of a render with the lower layers: farmspec < environment < flags. */
export function layerFlags(flags: RenderFlags, environment: RenderFlags, farmspec: Farmspec | undefined): RenderFlags {
  return { ...(farmspec?.defaults as RenderFlags | undefined), ...withoutGaps(environment), ...withoutGaps(flags) };
}

/**
 * Resolves flags and defaults into the settings of a job.
 *
 * @param flags The result of `layerFlags`, with the answers to questions
 * @throws {FarmError} `FARM_BAD_INPUT` naming the missing or invalid flag
 */
export function resolveSettings(flags: RenderFlags, context: Context): JobSettings {
  const { workingFolder, folders, keys, farmspec, farmspecFolder } = context;
  if (flags.blend === undefined) throw missingFlag("--blend", "the blendfile to render");
  if (flags.output === undefined) throw missingFlag("--output", "the video or the pictures to write");
  if (flags.frames !== undefined) parseFrames(flags.frames); // a typing error is reported before anything is started
  if (flags.local && flags.nodes !== undefined) {
    throw new FarmError("FARM_BAD_INPUT", "Cannot use --local together with --nodes", "Omit one of them");
  }
  const named = nodesOf(flags, farmspec);
  return {
    ...outputsOf(settingsOf(flags, workingFolder)),
    ...named,
    // Without discovery, the named nodes and no others.
    notHere: flags.notHere === true || !named.discover,
    projectFolder: farmspec === undefined ? undefined : farmspecFolder,
    waitMs: flags.wait === undefined ? undefined : parseDuration(flags.wait),
    keys,
    configFolder: folders.config,
    cacheFolder: folders.cache,
  };
}

/**
 * Completes the request of a program with defaults, this user's folders and the keys of this machine. It reads no
 * farmspec; from the environment it reads only the folders and the key.
 *
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if a key cannot be read
 */
export async function completeRequest({ blend, output, poster, preview, ...given }: JobRequest): Promise<JobSettings> {
  const folders = foldersOf(process.env);
  const { configFolder = folders.config } = given;
  const keys = given.keys ?? (await loadKeys({ environment: process.env, keyFile: undefined, configFolder }));
  const context = { workingFolder: process.cwd(), folders, keys, farmspec: undefined };
  const settings = resolveSettings({ blend, output, poster, preview }, context);
  const discover = given.nodes === undefined || given.nodes.length === 0;
  return { ...settings, discover, notHere: !discover, ...withoutGaps(given) };
}

/** A preview has outputs of its own. */
function outputsOf(settings: RenderSettings): RenderSettings {
  const { preview, output, poster } = settings;
  if (!preview) return settings;
  return { ...settings, output: previewNameOf(output), poster: poster && previewNameOf(poster) };
}

/**
 * Nodes named on the command line are the whole farm. Otherwise the farmspec names nodes and says whether to find more.
 */
function nodesOf(flags: RenderFlags, farmspec: Farmspec | undefined): Pick<JobSettings, "nodes" | "discover"> {
  if (flags.nodes !== undefined) {
    // Typed, or set in this user's environment: the user vouches for them.
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

/** Without the properties that are `undefined`, which would override a lower layer. */
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
