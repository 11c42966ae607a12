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

/** As much of a name as a farmspec takes. */
const longestName = 256;

/** A node that a job has found, as it is written down. */
export function sightingOf(event: Extract<FarmEvent, { type: "node:found" }>): Sighting {
  const colon = event.address.lastIndexOf(":");
  const address = { host: event.address.slice(0, colon), port: Number(event.address.slice(colon + 1)) };
  const name = printable(event.name).slice(0, longestName); // the file is for people, and terminals show it
  return { id: event.node, name, addresses: [address], source: "mdns" };
}

/** Only what discovery found is written down, and only where no farmspec is: nothing of the user's is changed. */
export function isFarmspecWanted(flags: RenderFlags, settings: JobSettings, farm: readonly Sighting[]): boolean {
  const wasDiscovered = farm.length > 0 || (settings.discover && settings.nodes.length === 0 && !settings.local);
  return wasDiscovered && flags.saveFarmspec !== false && flags.farmspec === undefined && isNameFree(farmspecName);
}

/** Whether nothing has this name, also no link that leads nowhere. */
function isNameFree(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Writes down the nodes of a farm, those of this machine left out, and tells so. That it cannot is no end of a job. */
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
