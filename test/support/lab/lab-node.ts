import { existsSync, watch } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { blenderPath } from "../blender.ts";
import { type LabProgram, startProgram, within } from "./lab-program.ts";

const script = fileURLToPath(new URL("../../../blender_scripts/main.py", import.meta.url));

/** Blender starts slowly on a busy machine. */
const startsWithinMs = 120_000;

/** A real node: Blender with main.py, on a host of the lab or on this machine. */
export interface LabNode extends LabProgram {
  readonly name: string;
  readonly id: string;
  readonly port: number;
  /** The end of its standard output so far. */
  said(): string;
  /** What jobs left in the node's cache: nothing, once the node or its successor has ended. */
  leftovers(): Promise<string[]>;
}

/** The program that runs main.py. Blender renders the frames; with "module" it is a module of this Python. */
export type NodeHost = "blender" | "python3" | "module";

/** What starting a node needs besides its name. */
export interface LabNodePlace {
  /** Words that run the program on its host. */
  readonly on: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the node's own folder is created. */
  readonly folder: string;
  /** More options of main.py. */
  readonly more?: readonly string[];
  /** Called with everything it prints. */
  readonly hear?: ((piece: string) => void) | undefined;
}

/** Starts a node with one slot and waits until it is ready. */
export async function startLabNode(name: string, under: NodeHost, place: LabNodePlace): Promise<LabNode> {
  const own = join(place.folder, name);
  const readyFile = join(own, "ready.json");
  await mkdir(own, { recursive: true }); // it exists already when the node is restarted
  await rm(readyFile, { force: true });
  const folders = ["--cache-dir", join(own, "cache"), "--config-dir", join(own, "config")];
  const options = [
    "--name",
    name,
    "--slots",
    "1",
    ...folders,
    "--ready-file",
    readyFile,
    "--exit-with-stdin",
    "--allow-sleep",
  ];
  options.push(...(place.more ?? []));
  const blender = blenderPath ?? "blender";
  const words = {
    blender: [blender, "-b", "--factory-startup", "-noaudio", "-P", script, "--", ...options],
    python3: ["python3", script, "--blender", blender, ...options],
    module: ["/usr/bin/python3", script, ...options],
  };
  const program = startProgram([...place.on, ...words[under]], place.env, own);
  let said = "";
  program.child.stdout?.on("data", (piece) => {
    said = (said + piece).slice(-4_000);
  });
  for (const stream of [program.child.stdout, program.child.stderr]) {
    stream?.on("data", (piece) => place.hear?.(String(piece)));
  }

  const died = program.ended.then(({ code, stderr }) => {
    throw new Error(`Cannot start the node '${name}': it ended with status ${code}\n${said}\n${stderr}`);
  });
  const ready = Promise.race([appearance(own, readyFile), died]);
  await within(ready, startsWithinMs, () => `the node '${name}' to be ready; it said:\n${said}`);
  const { node, port } = JSON.parse(await readFile(readyFile, "utf8")) as { node: string; port: number };
  const leftovers = () => readdir(join(own, "cache/renderfarm/runs"));
  return { ...program, name, id: node, port, said: () => said, leftovers };
}

/** Resolves when the file exists. */
function appearance(folder: string, file: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!existsSync(file)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, { persistent: false }, look);
    look();
  });
}
