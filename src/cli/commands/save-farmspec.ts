import { lstatSync } from "node:fs";
import {
  FarmError,
  type FarmEvent,
  farmspecName,
  farmspecOf,
  type JobSettings,
  printable,
  type RenderFlags,
  type Sighting,
  writeFarmspec,
} from "../../index.ts";
import type { Reporter } from "../reporters/reporters.ts";

/** The longest name that a farmspec may have, in characters. */
const longestName = 256;

/** A node that a job has found, in the form in which a farmspec is made from it. */
export function sightingOf(event: Extract<FarmEvent, { type: "node:found" }>): Sighting {
  const colon = event.address.lastIndexOf(":");
  const address = { host: event.address.slice(0, colon), port: Number(event.address.slice(colon + 1)) };
  const name = printable(event.name).slice(0, longestName); // people read the file in terminals
  return { id: event.node, name, addresses: [address], source: "mdns" };
}

/** Only discovered nodes are saved, and only if there is no farmspec yet: a user's file is never changed. */
export function isFarmspecWanted(flags: RenderFlags, settings: JobSettings, farm: readonly Sighting[]): boolean {
  const wasDiscovered = farm.length > 0 || (settings.discover && settings.nodes.length === 0 && !settings.local);
  return wasDiscovered && mayFarmspecBeSaved(flags);
}

/** Whether nobody has forbidden or named a farmspec, and there is none in the working folder. */
export function mayFarmspecBeSaved(flags: RenderFlags): boolean {
  return flags.saveFarmspec !== false && flags.farmspec === undefined && isNameFree(farmspecName);
}

/** Whether nothing has this name, not even a broken link. */
function isNameFree(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Saves the nodes of a farm except this machine's own, and reports that. A failure only causes a warning. */
export async function saveFarmspec(path: string, nodes: readonly Sighting[], reporter: Reporter): Promise<void> {
  const others = nodes.filter((node) => node.addresses[0]?.host !== "127.0.0.1");
  if (others.length === 0) return;
  try {
    await writeFarmspec(path, farmspecOf(others));
  } catch (error) {
    if (!(error instanceof FarmError)) throw error;
    reporter.tell({ type: "warning", code: "FARMSPEC_NOT_SAVED", message: error.message, name: null });
    return;
  }
  reporter.tell({ type: "farmspec:saved", path, nodes: others.length });
}
