import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { execa } from "execa";
import { FakedClock, fakedClockProblem } from "../support/faked-clock.ts";
import { mountSmallDisk, type SmallDisk } from "../support/lab/fault-disk.ts";
import { blenderBehind } from "../support/lab/fault-lab.ts";
import { FarmLab } from "../support/lab/lab.ts";
import { builtProgram, type LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { type ChaosNode, makeChaosNode } from "./chaos-node.ts";
import type { Report } from "./report.ts";
import { Spans } from "./spans.ts";

const names = ["north", "east", "south", "west"] as const;
/** Enough that a node takes blendfiles: it keeps a quarter of a gigabyte free. Only what is written takes memory. */
const cacheMegabytes = 320;
/** For the job folders of a whole run. */
const filmsMegabytes = 64;
/** For a while after a node is back, those who have just looked for it did so in vain. */
const awayGraceMs = 5_000;
/** The last part of the first address that a host gets in place of its own. */
const firstNewNumber = 101;

export type ChaosFarm = Awaited<ReturnType<typeof openChaosFarm>>;

/** Four nodes and a coordinator's machine, each with a disk of its own, and what faults can do to them. */
export async function openChaosFarm(report: Report, signal: AbortSignal) {
  const lab = await FarmLab.open("desk", ...names);
  const disks = new Map<string, SmallDisk>();
  for (const name of names) disks.set(name, await mountSmallDisk(lab.path(`${name}/cache`), cacheMegabytes));
  const films = await mountSmallDisk(lab.path("films"), filmsMegabytes);
  const nodes: readonly ChaosNode[] = names.map((name) => makeChaosNode(name, lab, report, signal));
  const [allAway, diskFull] = [new Spans(awayGraceMs), new Spans()];
  const clock = fakedClockProblem === undefined ? new FakedClock(lab.path("clock")) : undefined;
  // libfaketime stops Blender at its start: what the coordinator starts must be without it.
  const blender = await blenderBehind(lab, "desk", "unset LD_PRELOAD");
  // A killed program leaves its memory of libfaketime behind: in a /dev/shm of its own nobody finds it.
  const ownMemory = ["sh", "-c", 'mount -t tmpfs renderfarm-test /dev/shm && exec "$@"', "sh"];
  const clockWords = clock === undefined ? [] : [...ownMemory, ...clock.words];
  let nextNumber = firstNewNumber;

  return {
    ...{ lab, nodes, report, signal },
    /** When no node could be used. */
    allAway,
    /** When there was no room for frames and videos. */
    diskFull,
    /** Where the films are made: a disk of its own, which can be full. */
    films,
    /** The coordinator's, where it can be set. */
    clock,

    /** All nodes, this one first. */
    nodesFrom(name: string): [ChaosNode, ...ChaosNode[]] {
      const place = nodes.findIndex((node) => node.name === name);
      const [first, ...others] = [...nodes.slice(place), ...nodes.slice(0, place)];
      if (first === undefined) throw new Error(`There is no node ${name}`);
      return [first, ...others];
    },

    /** Does what keeps these nodes from being used. */
    async whileAway(away: readonly ChaosNode[], work: () => Promise<void>): Promise<void> {
      const set = (isAway: boolean) => {
        for (const node of away) node.isAway = isAway;
        allAway.set(nodes.every((node) => node.isAway));
      };
      set(true);
      await work().finally(() => set(false));
    },

    /** Starts the command line on the coordinator's machine. */
    coordinate: (args: readonly string[]): LabCoordinator =>
      lab.coordinate([...args, "--blender", blender], {}, clockWords),

    /** The running encoders of a video. */
    async encodersOf(output: string): Promise<number[]> {
      const part = `/.${basename(output)}.`;
      const isIts = (command: string) => /^(\S*\/)?ffmpeg /.test(command) && command.includes(part);
      return (await lab.processes()).filter(({ command }) => isIts(command)).map(({ pid }) => pid);
    },

    /** Names of the nodes that the command line does not find on the network. */
    async missing(): Promise<string[]> {
      const [command = "", ...words] = [...lab.deskWords, process.execPath, builtProgram, "nodes", "--json"];
      const options = { env: lab.environment, extendEnv: false, timeout: 60_000, reject: false };
      const { stdout } = await execa(command, words, options);
      return names.filter((name) => !stdout.includes(`"name":"${name}"`));
    },

    /** Leaves no byte free where a node keeps its files. @returns Undoes it */
    async fillNode({ name }: ChaosNode): Promise<() => Promise<void>> {
      await disks.get(name)?.fill();
      return async () => await disks.get(name)?.empty();
    },

    /** Leaves no byte free where the films are made. @returns Undoes it */
    async fillFilms(): Promise<() => Promise<void>> {
      diskFull.set(true);
      await films.fill();
      return () => films.empty().finally(() => diskFull.set(false));
    },

    /** Forgets all that a node has received. */
    async emptyCache({ name }: ChaosNode): Promise<void> {
      const folder = lab.path(`${name}/cache/renderfarm`);
      for (const part of ["blobs", "parts"]) await rm(`${folder}/${part}`, { recursive: true, force: true });
    },

    /** Gives a node's machine an address that nobody had. @returns The address */
    async readdress({ name }: ChaosNode): Promise<string> {
      await lab.network.readdress(name, nextNumber++);
      return lab.network.addressOf(name);
    },
  };
}
