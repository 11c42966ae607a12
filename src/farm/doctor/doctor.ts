import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FarmError, messageOf } from "../../core/errors.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { Sighting } from "../../core/node.ts";
import { ownCommand } from "../../core/own-command.ts";
import { counted, printable } from "../../core/text.ts";
import { formatBytes } from "../../core/units.ts";
import { probeMdnsPort } from "../../discovery/interfaces.ts";
import { testInterfaces } from "../../discovery/mdns-self-test.ts";
import { findFfmpeg, requireEncoder } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import { freeBytes } from "../../system/files/shortage.ts";
import { findBlender } from "../local-node/find-blender.ts";
import { nodeScript } from "../local-node/node-process.ts";
import { duplicatesOf } from "../nodes/duplicates.ts";
import { discoverNodes } from "../nodes/listing/discover-nodes.ts";
import { examineFirewall, firewallHere } from "./examine-firewall.ts";
import { examineFolders } from "./examine-folders.ts";
import type { Finding } from "./finding.ts";

export interface DoctorOptions {
  readonly ffmpeg: string | undefined;
  readonly blender: string | undefined;
  /** The keys of this machine, or why they cannot be read. */
  readonly keys: readonly FarmKey[] | FarmError;
  readonly keyFile: string;
  readonly workingFolder: string;
  readonly configFolder: string;
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
}

const encoders = ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "prores_ks", "ffv1"];
const littleSpaceBytes = 5e9;

/**
 * Checks everything that a render needs on this machine and its network. Yields each finding as soon as it is known.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Finding> {
  yield* examineFfmpeg(options);
  yield await examineBlender(options);
  yield examineLibraries();
  yield await examineKey(options);
  yield* examineFolders(options);
  yield* examineNetwork(options);
  yield await examineFirewall(firewallHere(options.signal));
  for (const folder of new Set([options.workingFolder, options.cacheFolder])) yield await examineSpace(folder);
}

async function* examineFfmpeg({ ffmpeg, signal }: DoctorOptions): AsyncGenerator<Finding> {
  try {
    const tools = await findFfmpeg({ ...(ffmpeg !== undefined && { path: ffmpeg }), signal });
    yield { what: "FFmpeg", state: "good", detail: `${tools.version} (${tools.ffmpeg})` };
    const missing: string[] = [];
    for (const encoder of encoders) await requireEncoder(tools, encoder, signal).catch(() => missing.push(encoder));
    const there = encoders.filter((encoder) => !missing.includes(encoder));
    if (missing.length === 0) yield { what: "Encoders", state: "good", detail: there.join(", ") };
    else {
      const state = missing.includes("libx264") ? "problem" : "warning";
      const detail = `${there.join(", ")}; without ${missing.join(", ")}`;
      yield {
        what: "Encoders",
        state,
        detail,
        fix: "Install a full FFmpeg, as your distribution or ffmpeg.org offers it",
      };
    }
  } catch (error) {
    yield fromError("FFmpeg", "problem", error);
  }
}

async function examineBlender({ blender, signal }: DoctorOptions): Promise<Finding> {
  try {
    const program = await findBlender(blender, signal);
    return { what: "Blender", state: "good", detail: `${program.version} (${program.path})` };
  } catch (error) {
    // A coordinator needs none: nodes have their own.
    return fromError("Blender", "warning", error, "none on this machine; it can still send jobs to nodes");
  }
}

function examineLibraries(): Finding {
  const vendor = join(dirname(nodeScript), "vendor");
  const what = "Node's Python libraries";
  const missing = ["websockets", "zeroconf"].filter((library) => !existsSync(join(vendor, library)));
  if (missing.length === 0) return { what, state: "good", detail: vendor };
  return {
    what,
    state: "warning",
    detail: `without ${missing.join(" and ")}: no node can run here`,
    fix: "npm run setup",
  };
}

async function examineKey({ keys, keyFile }: DoctorOptions): Promise<Finding> {
  const what = "Farm key";
  if (keys instanceof FarmError) return fromError(what, "problem", keys);
  if (keys.length === 0) {
    return { what, state: "warning", detail: "none on this machine", fix: `${ownCommand()} key set` };
  }
  const mode = await stat(keyFile).then(
    (file) => file.mode & 0o077,
    () => 0,
  );
  if (mode !== 0 && process.platform !== "win32") {
    return { what, state: "warning", detail: `others may read ${keyFile}`, fix: `chmod 600 ${keyFile}` };
  }
  return { what, state: "good", detail: keys.map((key) => key.id).join(", ") };
}

async function* examineNetwork({ signal, keys }: DoctorOptions): AsyncGenerator<Finding> {
  const portProblem = await probeMdnsPort();
  if (portProblem !== undefined) {
    const detail = `another program does not share UDP port 5353 (${portProblem})`;
    yield { what: "mDNS", state: "problem", detail, fix: "Name the nodes: --nodes host:port, or a farmspec" };
    return;
  }
  const interfaces = await testInterfaces();
  if (interfaces.length === 0) {
    yield { what: "mDNS", state: "warning", detail: "this machine is on no network", fix: "Connect it" };
    return;
  }
  for (const { address, isHeard } of interfaces) {
    if (isHeard) yield { what: "mDNS", state: "good", detail: `multicast is heard on ${address}` };
    else {
      const fix = "Allow UDP 5353 in this machine's firewall, or name the nodes with --nodes";
      yield { what: "mDNS", state: "warning", detail: `multicast is not heard on ${address}`, fix };
    }
  }
  const nodes = await discoverNodes({ signal, onWarning: () => {} });
  const known = keys instanceof FarmError ? [] : keys;
  const strange = nodes.filter((node) => node.keyId && !known.some((key) => key.id === node.keyId));
  const names = nodes.map((node) => printable(node.name ?? "")).join(", ");
  if (nodes.length === 0) {
    const fix = "Start one on another machine: renderfarm node";
    yield { what: "Nodes", state: "warning", detail: "none was found", fix };
  } else if (strange.length > 0) {
    const detail = `${counted(nodes.length, "node")}: ${names}; ${strange.length} with a key that is not on this machine`;
    yield { what: "Nodes", state: "warning", detail, fix: `${ownCommand()} key set` };
  } else yield { what: "Nodes", state: "good", detail: `${counted(nodes.length, "node")}: ${names}` };
  yield* examineIds(nodes);
}

function* examineIds(nodes: readonly Sighting[]): Generator<Finding> {
  for (const { message, hint } of nodes.flatMap((node) => duplicatesOf(node) ?? [])) {
    yield { what: "Node ids", state: "warning", detail: message, fix: hint };
  }
}

async function examineSpace(folder: string): Promise<Finding> {
  const what = "Disk";
  const free = await freeBytes(folder);
  if (free === null) return { what, state: "good", detail: `the system does not say what is free in ${folder}` };
  const detail = `${formatBytes(free)} free in ${folder}`;
  if (free >= littleSpaceBytes) return { what, state: "good", detail };
  return { what, state: "warning", detail, fix: `Free some space: frames of a long job may need more than that` };
}

function fromError(what: string, state: Finding["state"], error: unknown, detail = messageOf(error)): Finding {
  return { what, state, detail, ...(error instanceof FarmError && { fix: error.hint }) };
}
