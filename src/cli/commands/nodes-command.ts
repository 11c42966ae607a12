import {
  type CurrentJob,
  currentJobs,
  discoverNodes,
  duplicatesOf,
  FarmError,
  foldersOf,
  formatAddress,
  loadKeys,
  ownCommand,
  printable,
  type Sighting,
} from "../../index.ts";
import { JsonLines } from "../reporters/json-lines.ts";
import { formatTable } from "../table.ts";
import { warn } from "../tell-error.ts";
import { jobText } from "../texts/busy-text.ts";

/** `renderfarm nodes`: lists the nodes on the network. @throws {FarmError} `FARM_NO_NODE` if there are none */
export async function nodesCommand(options: { readonly json?: boolean; readonly keyFile?: string }): Promise<number> {
  const folders = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: options.keyFile, configFolder: folders.config });
  const known = new Set(keys.map((key) => key.id));
  const warnings: string[] = [];
  const nodes = await discoverNodes({
    onWarning: (message) => void warnings.push(message),
  });
  if (!options.json) {
    for (const warning of [...warnings, ...duplicateWarnings(nodes)]) {
      warn(`Warning: ${printable(warning)}`);
    }
  }
  if (nodes.length === 0) {
    throw new FarmError(
      "FARM_NO_NODE",
      "Cannot find a render node on this network",
      `Start one with 'renderfarm node' on another machine, or check what is blocking it with '${ownCommand()} doctor'`,
    );
  }
  const jobs = await currentJobs(nodes, { keys, configFolder: folders.config });
  const sorted = nodes.flatMap(withDuplicates).sort(byNameAndAddress);
  if (options.json) {
    const lines = new JsonLines((line) => process.stdout.write(line), Date.now);
    for (const { source: _, duplicates = [], ...node } of sorted) {
      const sameId = duplicates.map(({ name, addresses }) => ({ name, addresses }));
      lines.tell(
        { type: "node" },
        {
          ...node,
          isKeyKnown: isUsable(node, known),
          job: jobOf({ ...node, duplicates }, jobs) ?? null,
          ...(sameId.length > 0 && { sameId }),
        },
      );
    }
    return 0;
  }
  process.stdout.write(nodesTable(sorted, known, jobs));
  return 0;
}

/**
 * The nodes as a table for people.
 *
 * @param known Ids of the farm keys of this machine
 * @param jobs What busy nodes work on, by node
 */
export function nodesTable(
  nodes: readonly Sighting[],
  known: ReadonlySet<string>,
  jobs: ReadonlyMap<string, CurrentJob>,
): string {
  const rows = nodes.map((node) =>
    [
      node.name ?? "",
      addressText(node),
      node.blenderVersion ?? "",
      String(node.slots ?? ""),
      keyText(node, known),
      stateText(node, jobOf(node, jobs)),
    ].map(printable),
  );
  const columns = ["name", "address", "Blender", "slots", "key", "state"].map((heading) => ({ heading }));
  return `${formatTable(columns, rows).join("\n")}\n`;
}

/** One line per id that several nodes have. */
export function duplicateWarnings(nodes: readonly Sighting[]): string[] {
  return nodes.flatMap((node) => duplicatesOf(node) ?? []).map(({ message, hint }) => `${message}. ${hint}`);
}

/** A node and the nodes that share its id, each with the others as its duplicates. */
function withDuplicates(node: Sighting): readonly Sighting[] {
  const all = [node, ...(node.duplicates ?? [])];
  return all.map((one) => ({ ...one, duplicates: all.filter((other) => other !== one) }));
}

function byNameAndAddress(one: Sighting, other: Sighting): number {
  const byName = (one.name ?? "").localeCompare(other.name ?? "");
  return byName || addressText(one).localeCompare(addressText(other), undefined, { numeric: true });
}

function addressText({ addresses: [address] }: Sighting): string {
  return address === undefined ? "" : formatAddress(address);
}

function stateText({ state }: Sighting, job: CurrentJob | undefined): string {
  return job === undefined ? (state ?? "") : `busy for ${jobText(job)}`;
}

/** Of several nodes with the same id, it is not known which one was asked. */
function jobOf(
  { id, duplicates = [] }: Pick<Sighting, "id" | "duplicates">,
  jobs: ReadonlyMap<string, CurrentJob>,
): CurrentJob | undefined {
  return id === undefined || duplicates.length > 0 ? undefined : jobs.get(id);
}

function isUsable(node: Pick<Sighting, "keyId">, known: ReadonlySet<string>): boolean {
  return typeof node.keyId === "string" && known.has(node.keyId);
}

function keyText(node: Sighting, known: ReadonlySet<string>): string {
  if (node.keyId === null || node.keyId === undefined) return "open";
  return isUsable(node, known) ? node.keyId : `${node.keyId} (not on this machine)`;
}
