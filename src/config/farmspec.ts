import { dirname } from "node:path";
import { z } from "zod";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { Sighting } from "../core/node.ts";
import { defaultNodePort } from "../core/node-list.ts";
import { ownCommand } from "../core/own-command.ts";
import { makeFolders } from "../system/files/folders.ts";
import { readRegularFile, whyUnreadable } from "../system/files/regular-file.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import { lineOfJsonError } from "./json-error.ts";
import { farmspecDefaults } from "./options.ts";

export const farmspecName = "farmspec.json";

/** Where editors find the schema: in the package, as npm installs it beside the farmspec. */
const schemaAddress = "./node_modules/blender-renderfarm/farmspec.schema.json";

const farmspecNode = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits are needed")
    .optional()
    .describe("The node's id. With it the node is found again when its address has changed."),
  name: z.string().min(1).max(256).optional().describe("For people; the node itself may call itself otherwise."),
  host: z.string().min(1).max(256).describe("Host name or address."),
  tls: z.boolean().optional().describe("Whether to connect by TLS, also when nothing else tells that the node has it."),
  port: z.int().min(1).max(65_535).default(defaultNodePort).describe("TCP port."),
});

/**
 * A farm as it is written down, to be committed beside the scenes it renders. It never holds a secret, and it may be a
 * stranger's: what stands in it may cost time, but hands nothing over and runs nothing.
 */
const farmspecSchema = z.strictObject({
  $schema: z.string().optional().describe("Where this file's schema is, for editors."),
  nodes: z
    .array(farmspecNode)
    .max(1_000)
    .default([])
    .describe("The nodes to use; with any, none has to be looked for. Of one without a key the user is asked once."),
  discover: z
    .boolean()
    .default(false)
    .describe("Whether nodes that are not listed, and are found by mDNS, take part too."),
  defaults: farmspecDefaults.default({}).describe("Values for flags that are not given, by the flag's name."),
});

export type Farmspec = z.infer<typeof farmspecSchema>;
type FarmspecNode = z.infer<typeof farmspecNode>;

/**
 * Reads a farmspec.
 *
 * @param isOptional Whether it may be absent: the usual one may, a named one may not
 * @throws {FarmError} `FARM_BAD_INPUT` that names the line, or the JSON path, that is wrong
 */
export async function readFarmspec(path: string, isOptional: boolean): Promise<Farmspec | undefined> {
  let text: string;
  try {
    text = await readRegularFile(path);
  } catch (error) {
    if (isOptional && systemCodeOf(error) === "ENOENT") return undefined;
    throw badFarmspec(path, whyUnreadable(error), "Name a farmspec that is there, or leave --farmspec out", error);
  }
  return parseFarmspec(text, path);
}

/** @throws {FarmError} See `readFarmspec` */
export function parseFarmspec(text: string, path: string): Farmspec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badFarmspec(
      path,
      `line ${lineOfJsonError(text)} is not JSON: ${messageOf(error)}`,
      "Correct that line",
      error,
    );
  }
  const parsed = farmspecSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (!issue) throw parsed.error;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const where = jsonPathOf(unknown === undefined ? issue.path : [...issue.path, unknown]);
  const what = unknown === undefined ? issue.message : "there is no such field";
  throw badFarmspec(path, `${where}: ${what}`, "farmspec.example.json shows what may stand in a farmspec");
}

/** The JSON Schema of a farmspec, for editors: made from the very type that reads it. */
export function farmspecJsonSchema(): object {
  return { title: "renderfarm farmspec", ...z.toJSONSchema(farmspecSchema, { io: "input", unrepresentable: "any" }) };
}

/**
 * A farmspec of nodes that were found. Nodes that are not in it may still join: a machine that is bought next month should
 * not have to be written down to be of use.
 */
export function farmspecOf(nodes: readonly Sighting[]): Farmspec {
  const listed = nodes.flatMap(({ id, name, tls, addresses: [address] }): FarmspecNode[] =>
    address === undefined ? [] : [{ ...(id && { id }), ...(name && { name }), ...(tls && { tls }), ...address }],
  );
  return { $schema: schemaAddress, nodes: listed, discover: true, defaults: {} };
}

/** Writes a farmspec for people to read and change; whole or not at all. A link of that name is replaced, not followed. */
export async function writeFarmspec(path: string, farmspec: Farmspec): Promise<void> {
  try {
    await makeFolders(dirname(path));
    await replaceFile(path, `${JSON.stringify(farmspec, null, 2)}\n`);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    const message = `Cannot write the farmspec '${path}': ${messageOf(error)}`;
    const hint = `Name a file in a folder where you may write: ${ownCommand()} farmspec --output FILE`;
    throw new FarmError("FARM_OUTPUT_UNWRITABLE", message, hint, { cause: error });
  }
}

/** "nodes[2].port", as an editor shows it. */
function jsonPathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the whole file";
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

function badFarmspec(path: string, why: string, hint: string, cause?: unknown): FarmError {
  return new FarmError("FARM_BAD_INPUT", `Cannot use the farmspec '${path}': ${why}`, hint, { cause });
}
