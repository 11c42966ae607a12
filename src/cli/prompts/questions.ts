import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { styleText } from "node:util";
import inquirer from "inquirer";
import {
  counted,
  type FarmKey,
  formatAddress,
  formatDuration,
  type OpenNode,
  parseFarmKey,
  printable,
  type Sighting,
} from "../../index.ts";

/** Whether somebody can answer. Without this check inquirer would read answers from a pipe, or wait for ever. */
export function canAsk(flags: { readonly yes?: boolean | undefined; readonly json?: boolean | undefined }): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI && !flags.yes && !flags.json);
}

const longestName = 64;

/** A question was answered with Ctrl-C. */
export class PromptCancelledError extends Error {}

/** @throws {PromptCancelledError} */
export async function orLeft<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    // The class is in an internal package of inquirer's, so it is recognized by its name.
    if (error instanceof Error && error.name === "ExitPromptError") throw new PromptCancelledError();
    throw error;
  }
}

/** Asks before an existing output is replaced. @returns Whether it may be replaced. @throws {PromptCancelledError} */
export async function mayReplace(output: string): Promise<boolean> {
  // In a folder, only pictures with this job's frame numbers would be replaced; the job checks each.
  if (!existsSync(output) || statSync(output).isDirectory()) return false;
  const message = `${printable(output)} exists. Replace it?`;
  const { replace } = await orLeft(inquirer.prompt([{ type: "confirm", name: "replace", default: false, message }]));
  return replace === true;
}

/**
 * Asks whether an open node from a farmspec may have the blendfile. Enter alone means no.
 *
 * @param signal Aborting withdraws the question
 * @throws {PromptCancelledError}
 */
export async function mayUseOpenNode(node: OpenNode, signal: AbortSignal): Promise<boolean> {
  const id = node.node.slice(0, 8);
  // The name comes from the farmspec. In quotes and short, it cannot look like this program's own text.
  const who = node.name === undefined ? `The node ${id}` : `'${printable(node.name).slice(0, longestName)}' (${id})`;
  const where = printable(formatAddress(node.address));
  const tls = node.certificate === undefined ? "" : `, TLS ${node.certificate.slice(0, 16)}`;
  const message = `${who} at ${where}${tls} is open: no key protects it, and its owner can read the blendfile. Render on it?`;
  const ask = inquirer.createPromptModule({ signal });
  const { use } = await orLeft(ask([{ type: "confirm", name: "use", default: false, message }]));
  return use === true;
}

/**
 * Asks whether a bake that takes long shall continue.
 *
 * @param name The node that bakes
 * @param signal Aborting withdraws the question
 * @throws {PromptCancelledError}
 */
export async function mayBakeLong(name: string, expectedMs: number, signal: AbortSignal): Promise<boolean> {
  const message = `Baking the simulations takes about ${formatDuration(expectedMs)} on ${printable(name)}. Continue? (no: each node plays the scene up to its frames)`;
  const ask = inquirer.createPromptModule({ signal });
  const { bake } = await orLeft(ask([{ type: "confirm", name: "bake", default: true, message }]));
  return bake === true;
}

/**
 * Asks whether files of these folders may be sent to the nodes, which the scene uses and which are outside its project.
 *
 * @throws {PromptCancelledError}
 */
export async function maySendFrom(folders: readonly string[]): Promise<boolean> {
  const message = `Send the files that the scene uses in ${folders.map((folder) => printable(folder)).join(", ")} too?`;
  const { send } = await orLeft(inquirer.prompt([{ type: "confirm", name: "send", default: false, message }]));
  return send === true;
}

/**
 * Asks which file a path of another machine means.
 *
 * @returns `undefined` for none of them
 * @throws {PromptCancelledError}
 */
export async function askFile(path: string, files: readonly string[]): Promise<string | undefined> {
  const shown = files.map((file) => ({ value: file, name: printable(file) }));
  const choices = [...shown, { value: "", name: "None of these" }];
  const message = `Which file is ${printable(path)}?`;
  const { file } = await orLeft(inquirer.prompt([{ type: "select", name: "file", message, choices, pageSize: 15 }]));
  return file === "" ? undefined : String(file);
}

/** Asks whether to render although files are missing. @throws {PromptCancelledError} */
export async function mayRenderWithout(): Promise<boolean> {
  const message = "Render without these files?";
  const { render } = await orLeft(inquirer.prompt([{ type: "confirm", name: "render", default: false, message }]));
  return render === true;
}

/** Asks for a farm key, without showing it, until the answer is a valid key. @throws {PromptCancelledError} */
export async function askFarmKey(message: string): Promise<FarmKey> {
  const validate = (text: string) => {
    try {
      return parseFarmKey(text, "the keyboard") !== undefined;
    } catch (error) {
      return printable(error instanceof Error ? error.message : String(error));
    }
  };
  const { key } = await orLeft(inquirer.prompt([{ type: "password", name: "key", mask: "*", message, validate }]));
  return parseFarmKey(String(key), "the keyboard");
}

/** Asks for the blendfile: search as you type, recently used ones first. @throws {PromptCancelledError} */
export async function askBlend(recent: readonly string[]): Promise<string> {
  const found = findBlends(process.cwd());
  const source = async (term: string | undefined) => {
    const all = [...new Set([...recent.filter((path) => existsSync(path)), ...(await found)])];
    const words = (term ?? "").toLowerCase().split(/\s+/);
    const shown = all.filter((path) => words.every((word) => path.toLowerCase().includes(word)));
    const typed = term && existsSync(resolve(term)) && term.endsWith(".blend") ? [resolve(term)] : [];
    return [...new Set([...typed, ...shown])].map((path) => ({ value: path, name: printable(shortPath(path)) }));
  };
  const question = { type: "search", name: "blend", message: "Blendfile (type to search)", source } as const;
  const { blend } = await orLeft(inquirer.prompt([question]));
  return String(blend);
}

/** Asks for the output, proposing a video named like the blendfile. @throws {PromptCancelledError} */
export async function askOutput(blend: string): Promise<string> {
  const proposed = shortPath(join(dirname(resolve(blend)), `${basename(blend, ".blend")}.mp4`));
  // The answer is a path as the file system has it; only its display is made printable.
  const defaultAnswer = (text: string) => styleText("dim", `(${printable(text)})`);
  const transformer = (text: string, { isFinal }: { isFinal: boolean }) =>
    isFinal ? styleText("cyan", printable(text)) : printable(text);
  const shown = { transformer, theme: { style: { defaultAnswer } } };
  const question = { type: "input", name: "output", message: "Output", default: proposed, ...shown } as const;
  const { output } = await orLeft(inquirer.prompt([question]));
  return String(output);
}

/** Asks which of the nodes take part; all keyed nodes are ticked. @throws {PromptCancelledError} */
export async function askNodes(nodes: readonly Sighting[]): Promise<readonly Sighting[]> {
  // An open node may belong to anybody, so it takes part only if the user ticks it.
  const choices = nodes.map((node, index) => ({ value: index, checked: node.keyId !== null, name: describe(node) }));
  const message = `${counted(nodes.length, "node")} found; render on`;
  const validate = (ticked: readonly unknown[]) => ticked.length > 0 || "Tick at least one node";
  const { picked } = await orLeft(
    inquirer.prompt([{ type: "checkbox", name: "picked", message, choices, pageSize: 15, validate }]),
  );
  return nodes.filter((_node, index) => (picked as number[]).includes(index));
}

/** Asks which frames, proposing the scene's own. @throws {PromptCancelledError} */
export async function askFrames(own: string, check: (text: string) => true | string): Promise<string> {
  const question = { type: "input", name: "frames", message: "Frames", default: own, validate: check } as const;
  const { frames } = await orLeft(inquirer.prompt([question]));
  return String(frames);
}

function describe(node: Sighting): string {
  const address = node.addresses[0];
  const parts = [
    address ? `${address.host}:${address.port}` : "",
    node.blenderVersion ? `Blender ${node.blenderVersion}` : "",
    node.slots ? counted(node.slots, "slot") : "",
    node.state === "busy" ? "busy" : "",
    node.keyId === null ? "open: no key protects it" : "",
  ];
  return printable(`${node.name ?? ""} (${parts.filter((part) => part !== "").join(", ")})`);
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

const deepestFolder = 4;
const mostFolders = 2_000;

/** Blendfiles below a folder, nearest first. Hidden folders and those of other tools are skipped. */
async function findBlends(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = [root];
  let looked = 0;
  for (let depth = 0; depth <= deepestFolder && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      looked += 1;
      if (looked > mostFolders) return found;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isFile() && entry.name.toLowerCase().endsWith(".blend")) found.push(path);
        const isPassedOver = /^\.|^node_modules$|\.renderfarm$/.test(entry.name);
        if (entry.isDirectory() && !isPassedOver) next.push(path);
      }
    }
    level = next;
  }
  return found;
}
