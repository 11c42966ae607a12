import inquirer from "inquirer";
import {
  counted,
  type Estimate,
  type FarmKey,
  formatAddress,
  formatDuration,
  type OpenNode,
  parseFarmKey,
  printable,
  type Sighting,
} from "../../index.ts";
import { estimateText } from "../texts/estimate-text.ts";

/** Whether somebody can answer. Without this check inquirer would read answers from a pipe, or wait for ever. */
export function canAsk(flags: { readonly yes?: boolean | undefined; readonly json?: boolean | undefined }): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI && !flags.yes && !flags.json);
}

const longestName = 64;

/** A question was answered with Ctrl-C. */
export class PromptCancelledError extends Error {}

/** Waits for an answer. @throws {PromptCancelledError} */
export async function orLeft<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    // The class is in an internal package of inquirer's, so it is recognized by its name.
    if (error instanceof Error && error.name === "ExitPromptError") throw new PromptCancelledError();
    throw error;
  }
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
 * Asks whether to render the other frames of a job.
 *
 * @param signal Aborting withdraws the question
 * @throws {PromptCancelledError}
 */
export async function mayRenderRest(estimate: Estimate, signal: AbortSignal): Promise<boolean> {
  const message = `${estimateText(estimate)}. Render the other ${counted(estimate.frames - estimate.stored, "frame")}?`;
  const ask = inquirer.createPromptModule({ signal });
  const { render } = await orLeft(ask([{ type: "confirm", name: "render", default: true, message }]));
  return render === true;
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
