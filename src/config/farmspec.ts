import { dirname, resolve } from "node:path";
import { z } from "zod";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { Sighting } from "../core/node.ts";
import { defaultNodePort } from "../core/node-list.ts";
import { ownCommand } from "../core/own-command.ts";
import { makeFolders } from "../system/files/folders.ts";
import { isInside, realPathOf } from "../system/files/real-path.ts";
import { readRegularFile, whyUnreadable } from "../system/files/regular-file.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import { lineOfJsonError } from "./json-error.ts";
import { farmspecDefaults, flagOf, isOptionName, type RenderFlags } from "./options.ts";

export const farmspecName = "farmspec.json";

/** Where editors find the schema: in the package, if npm has installed it beside the farmspec. */
const schemaAddress = "./node_modules/blender-renderfarm/farmspec.schema.json";

const farmspecNode = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits are needed")
    .optional()
    .describe("The node's id. With it the node is found again after its address has changed."),
  name: z.string().min(1).max(256).optional().describe("For people only; the node itself may use another name."),
  host: z.string().min(1).max(256).describe("Host name or address."),
  tls: z
    .boolean()
    .optional()
    .describe("Whether to connect by TLS even if nothing else indicates that the node supports it."),
  port: z.int().min(1).max(65_535).default(defaultNodePort).describe("TCP port."),
});

/**
 * A farm in a file, to be committed beside the scenes that it renders. It never holds a secret. It may come from somebody
 * else: nothing in it runs a program or gives data away.
 */
const farmspecSchema = z.strictObject({
  $schema: z.string().optional().describe("Where this file's schema is, for editors."),
  nodes: z
    .array(farmspecNode)
    .max(1_000)
    .default([])
    .describe(
      "The nodes to use; if there are any, the render does not wait to find others. For one without a key, the user is asked once.",
    ),
  discover: z.boolean().default(false).describe("Whether other nodes, found by mDNS, take part too."),
  defaults: farmspecDefaults.default({}).describe("Values for flags that are not given, by the name of the flag."),
});

export type Farmspec = z.infer<typeof farmspecSchema>;
type FarmspecNode = z.infer<typeof farmspecNode>;

/**
 * Reads a farmspec.
 *
 * @param isOptional Whether it may be absent: the default one may, a named one may not
 * @throws {FarmError} `FARM_BAD_INPUT` that names the wrong line or JSON path
 */
export async function readFarmspec(path: string, isOptional: boolean): Promise<Farmspec | undefined> {
  let text: string;
  try {
    text = await readRegularFile(path);
  } catch (error) {
    if (isOptional && systemCodeOf(error) === "ENOENT") return undefined;
    throw badFarmspec(path, whyUnreadable(error), "Name an existing farmspec, or omit --farmspec", error);
  }
  return await withOwnRoots(parseFarmspec(text, path), path);
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
  if (issue.path[0] === "defaults" && isOptionName(unknown)) throw notForFarmspecs(path, unknown);
  const where = jsonPathOf(unknown === undefined ? issue.path : [...issue.path, unknown]);
  const what = unknown === undefined ? issue.message : "there is no such field";
  throw badFarmspec(path, `${where}: ${what}`, "farmspec.example.json shows what a farmspec may contain");
}

/** An option that a farmspec must not set. */
function notForFarmspecs(path: string, name: string): FarmError {
  return badFarmspec(
    path,
    `defaults.${name}: a farmspec cannot set ${flagOf(name)}`,
    "Give it on the command line: a farmspec may come from somebody else, so it runs no programs and names no paths",
  );
}

/**
 * Its asset roots are relative to its folder, and inside it, also if links are followed: it may come from somebody else.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` for one outside
 */
async function withOwnRoots(farmspec: Farmspec, path: string): Promise<Farmspec> {
  const { assetRoot } = farmspec.defaults as RenderFlags;
  if (assetRoot === undefined) return farmspec;
  const folder = await realPathOf(dirname(path));
  const roots = await Promise.all(assetRoot.map((root) => realPathOf(resolve(folder, root))));
  const outside = roots.find((root) => root !== folder && !isInside(folder, root));
  if (outside !== undefined) {
    const why = `defaults.assetRoot: ${outside} is outside the farmspec's folder`;
    throw badFarmspec(path, why, "Name that folder with --asset-root instead");
  }
  return { ...farmspec, defaults: { ...farmspec.defaults, assetRoot: roots } };
}

/** The JSON Schema of a farmspec, for editors, made from the type that reads it. */
export function farmspecJsonSchema(): object {
  return { title: "renderfarm farmspec", ...z.toJSONSchema(farmspecSchema, { io: "input", unrepresentable: "any" }) };
}

/**
 * A farmspec of nodes that were found. Other nodes may still join, so that a new machine can be used without an entry.
 */
export function farmspecOf(nodes: readonly Sighting[]): Farmspec {
  const listed = nodes.flatMap(({ id, name, tls, addresses: [address] }): FarmspecNode[] =>
    address === undefined ? [] : [{ ...(id && { id }), ...(name && { name }), ...(tls && { tls }), ...address }],
  );
  return { $schema: schemaAddress, nodes: listed, discover: true, defaults: {} };
}

/** A farmspec as people read it in a file. */
export function formatFarmspec(farmspec: Farmspec): string {
  return `${JSON.stringify(farmspec, null, 2)}\n`;
}

/** Writes a farmspec, completely or not at all, for people to read and change. A link of that name is replaced. */
export async function writeFarmspec(path: string, farmspec: Farmspec): Promise<void> {
  try {
    await makeFolders(dirname(path));
    await replaceFile(path, formatFarmspec(farmspec));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    const message = `Cannot write the farmspec '${path}': ${messageOf(error)}`;
    const hint = `Name a file in a folder where you can write: ${ownCommand()} farmspec --output FILE`;
    throw new FarmError("FARM_OUTPUT_UNWRITABLE", message, hint, { cause: error });
  }
}

/** For example "nodes[2].port", as an editor shows it. */
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
