import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FarmError, systemCodeOf } from "../../../core/errors.ts";
import type { NodeAddress, NodeId } from "../../../core/node.ts";
import { readConfigFile, writeConfigFile } from "../../../system/files/config-file.ts";
import { whyUnreadable } from "../../../system/files/regular-file.ts";

/** What this machine remembers about a node that it has used. */
export interface KnownNode {
  /** Whether it has proved a key; then it is never used without one again. */
  readonly keyed: boolean;
  /** SHA-256 of the certificate it proved to own, 64 hexadecimal digits; then it is never used without TLS again. */
  readonly tls?: string;
  /** Addresses ("host:port") by which the user named it without its id. */
  readonly namedAs?: readonly string[];
  /** Addresses ("host:port") at which the user has allowed it without a key. */
  readonly openAt?: readonly string[];
}

/** How a node has just authenticated itself, or what the user has allowed. */
interface Seen {
  readonly keyed: boolean;
  readonly tls?: string;
  /** The address by which the user named it, if without an id. */
  readonly named?: NodeAddress;
  /** The address at which it may be used without a key. */
  readonly openAt?: NodeAddress;
}

type Nodes = ReadonlyMap<NodeId, KnownNode>;

/**
 * The nodes that this machine has used, kept in the config folder. An attacker who answers in place of one must not be
 * able to downgrade it to a link without its key or without encryption.
 *
 * A damaged file is an error, never an empty list, which would silently forget all of that.
 */
export class KnownNodes {
  readonly #file: string;
  #nodes: Nodes | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(configFolder: string) {
    this.#file = join(configFolder, "known-nodes.json");
  }

  /** @throws {FarmError} `FARM_BAD_INPUT` if the file is damaged, `FARM_UNSAFE_PATH` if others can write to it */
  of(node: NodeId): KnownNode | undefined {
    return this.#all.get(node);
  }

  /** Whether the node was used before. `false` if the file is damaged, which is reported where it matters. */
  isKnown(node: NodeId): boolean {
    try {
      return this.of(node) !== undefined;
    } catch {
      return false;
    }
  }

  /** Whether the user has allowed this node without a key at this address. @throws {FarmError} See `of` */
  mayBeOpen(node: NodeId, address: NodeAddress): boolean {
    return this.of(node)?.openAt?.includes(nameOf(address)) ?? false;
  }

  /** What any node that the user named by this address has had. @throws {FarmError} See `of` */
  named(address: NodeAddress): { readonly keyed: boolean; readonly hasTls: boolean } {
    const name = nameOf(address);
    const nodes = [...this.#all.values()].filter((node) => node.namedAs?.includes(name));
    return { keyed: nodes.some(({ keyed }) => keyed), hasTls: nodes.some(({ tls }) => tls !== undefined) };
  }

  /**
   * Remembers a node. What it had before is kept; its certificate is replaced.
   *
   * @throws {FarmError} See `of`; the system's error if the file cannot be written
   */
  remember(node: NodeId, seen: Seen): Promise<void> {
    const written = this.#writing.then(() => this.#write(node, seen));
    this.#writing = written.catch(() => {}); // the caller gets the error; the next write does not depend on it
    return written;
  }

  async #write(node: NodeId, seen: Seen): Promise<void> {
    // Another coordinator of this user may have added nodes meanwhile.
    const nodes = new Map([...this.#all, ...readNodes(this.#file)]);
    const before = nodes.get(node);
    const names = withName(before?.namedAs, seen.named);
    const openAt = withName(before?.openAt, seen.openAt);
    const tls = seen.tls ?? before?.tls;
    const now: KnownNode = {
      keyed: seen.keyed || before?.keyed === true,
      ...(tls !== undefined && { tls }),
      ...(names.length > 0 && { namedAs: names }),
      ...(openAt.length > 0 && { openAt }),
    };
    nodes.set(node, now);
    this.#nodes = nodes;
    if (before && isDeepStrictEqual(before, now)) return;
    const sorted = Object.fromEntries([...nodes].sort(([a], [b]) => (a < b ? -1 : 1)));
    await writeConfigFile(this.#file, `${JSON.stringify({ version: 2, nodes: sorted }, null, 1)}\n`);
  }

  get #all(): Nodes {
    this.#nodes ??= readNodes(this.#file);
    return this.#nodes;
  }
}

function nameOf({ host, port }: NodeAddress): string {
  return `${host.toLowerCase()}:${port}`;
}

function withName(names: readonly string[] = [], address: NodeAddress | undefined): string[] {
  return [...new Set(address === undefined ? names : [...names, nameOf(address)])].sort();
}

function readNodes(file: string): Nodes {
  let text: string;
  try {
    text = readConfigFile(file);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return new Map();
    if (error instanceof FarmError && error.code === "FARM_UNSAFE_PATH") throw error;
    throw damaged(file, whyUnreadable(error), error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, "it is not JSON", error);
  }
  // Version 1 listed the ids of nodes that had proved a key.
  if (isListOf(value, isString)) return new Map(value.map((id): [NodeId, KnownNode] => [id, { keyed: true }]));
  if (!isRecord(value) || value.version !== 2 || !isRecord(value.nodes)) throw damaged(file, "its format is unknown");
  const nodes = new Map<NodeId, KnownNode>();
  for (const [id, node] of Object.entries(value.nodes)) {
    if (!isKnownNode(node)) throw damaged(file, `the entry of ${id.slice(0, 8)} is wrong`);
    nodes.set(id, node);
  }
  return nodes;
}

function isKnownNode(value: unknown): value is KnownNode {
  if (!isRecord(value) || typeof value.keyed !== "boolean") return false;
  const { tls, namedAs, openAt } = value;
  const isFingerprint = typeof tls === "string" && /^[0-9a-f]{64}$/.test(tls);
  const areNames = [namedAs, openAt].every((names) => names === undefined || isListOf(names, isString));
  return (tls === undefined || isFingerprint) && areNames;
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
      : "Repair it, or delete it: then every node is treated as new, with or without a key or TLS",
    { cause },
  );
}
