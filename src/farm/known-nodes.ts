import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { NodeAddress, NodeId } from "../core/node.ts";
import { writeWholeFile } from "../core/whole-file.ts";

/** What this machine remembers of a node that it once used. */
export interface KnownNode {
  /** Whether it has proved a key: it is never used without one again. */
  readonly keyed: boolean;
  /** SHA-256 of the certificate it proved to be its own, 64 hexadecimal digits: it is never spoken to in clear again. */
  readonly tls?: string;
  /** Addresses, "host:port", under which the user named it without its id. */
  readonly namedAs?: readonly string[];
}

type Nodes = ReadonlyMap<NodeId, KnownNode>;

/**
 * The nodes that this machine once used, in the config folder: whoever can answer in the place of one must not be able to
 * talk us out of the key or the encryption that it had.
 *
 * A file that is damaged is an error and never an empty list: taking it for empty would forget all of that without a word.
 */
export class KnownNodes {
  readonly #file: string;
  #nodes: Nodes | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(configFolder: string) {
    this.#file = join(configFolder, "known-nodes.json");
  }

  /** @throws {FarmError} `FARM_BAD_INPUT` when the file is damaged */
  of(node: NodeId): KnownNode | undefined {
    return this.#all.get(node);
  }

  /** Whether the node was used before; also no when the file is damaged, which is told where it matters. */
  isKnown(node: NodeId): boolean {
    try {
      return this.of(node) !== undefined;
    } catch {
      return false;
    }
  }

  /** What the nodes that the user named in this way have had, taken together. @throws {FarmError} See `of` */
  named(address: NodeAddress): { readonly keyed: boolean; readonly hasTls: boolean } {
    const name = nameOf(address);
    const nodes = [...this.#all.values()].filter((node) => node.namedAs?.includes(name));
    return { keyed: nodes.some(({ keyed }) => keyed), hasTls: nodes.some(({ tls }) => tls !== undefined) };
  }

  /**
   * Remembers how a node has just proved itself. What it had before is kept; its certificate is replaced.
   *
   * @param seen.named The address under which the user named it, when that is all he said of it
   * @throws {FarmError} See `of`; the system's error when the file cannot be written
   */
  remember(node: NodeId, seen: { keyed: boolean; tls?: string; named?: NodeAddress }): Promise<void> {
    const written = this.#writing.then(() => this.#write(node, seen));
    this.#writing = written.catch(() => {}); // told to who asked; the next one is another matter
    return written;
  }

  async #write(node: NodeId, seen: { keyed: boolean; tls?: string; named?: NodeAddress }): Promise<void> {
    // Another coordinator of this user may have added its own meanwhile.
    const nodes = new Map([...this.#all, ...readNodes(this.#file)]);
    const before = nodes.get(node);
    const names = new Set(before?.namedAs);
    if (seen.named) names.add(nameOf(seen.named));
    const tls = seen.tls ?? before?.tls;
    const now: KnownNode = {
      keyed: seen.keyed || before?.keyed === true,
      ...(tls !== undefined && { tls }),
      ...(names.size > 0 && { namedAs: [...names].sort() }),
    };
    nodes.set(node, now);
    this.#nodes = nodes;
    if (before && isDeepStrictEqual(before, now)) return;
    const sorted = Object.fromEntries([...nodes].sort(([a], [b]) => (a < b ? -1 : 1)));
    await writeWholeFile(this.#file, `${JSON.stringify({ version: 2, nodes: sorted }, null, 1)}\n`, true);
  }

  get #all(): Nodes {
    this.#nodes ??= readNodes(this.#file);
    return this.#nodes;
  }
}

function nameOf({ host, port }: NodeAddress): string {
  return `${host.toLowerCase()}:${port}`;
}

function readNodes(file: string): Nodes {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return new Map();
    throw damaged(file, messageOf(error), error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, "it is not JSON", error);
  }
  // Version 1 listed the ids of nodes that had proved a key.
  if (isListOf(value, isString)) return new Map(value.map((id): [NodeId, KnownNode] => [id, { keyed: true }]));
  if (!isRecord(value) || value.version !== 2 || !isRecord(value.nodes)) throw damaged(file, "it is of no known form");
  const nodes = new Map<NodeId, KnownNode>();
  for (const [id, node] of Object.entries(value.nodes)) {
    if (!isKnownNode(node)) throw damaged(file, `the entry of ${id.slice(0, 8)} is wrong`);
    nodes.set(id, node);
  }
  return nodes;
}

function isKnownNode(value: unknown): value is KnownNode {
  if (!isRecord(value) || typeof value.keyed !== "boolean") return false;
  const { tls, namedAs } = value;
  const isFingerprint = typeof tls === "string" && /^[0-9a-f]{64}$/.test(tls);
  return (tls === undefined || isFingerprint) && (namedAs === undefined || isListOf(namedAs, isString));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function damaged(file: string, why: string, cause?: unknown): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot tell which nodes are known: ${file} cannot be used (${why})`,
    systemCodeOf(cause) === "EACCES"
      ? "Set HOME or RENDERFARM_CONFIG_DIR to a folder of this user"
      : "Mend it, or delete it: then every node is met as if for the first time, with or without a key or TLS",
    { cause },
  );
}
