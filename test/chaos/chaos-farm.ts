import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { execa } from "execa";
import { FakedClock, fakedClockProblem } from "../support/faked-clock.ts";
import { mountSmallDisk, type SmallDisk } from "../support/lab/fault-disk.ts";
import { blenderBehind } from "../support/lab/fault-lab.ts";
import { FarmLab } from "../support/lab/lab.ts";
import { builtProgram, type LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { ChaosNode } from "./chaos-node.ts";
import type { Report } from "./report.ts";
import { Spans } from "./spans.ts";

const names = ["north", "east", "south", "west"] as const;
/** Enough for a node to accept blendfiles: it keeps 256 MB free. Only what is written takes memory. */
const cacheMegabytes = 320;
/** For the job folders of a whole run. */
const filmsMegabytes = 64;
/** A coordinator that looked for nodes shortly before one came back may still not have found it. */
const awayGraceMs = 5_000;
/** The last part of the first new address that a host gets. */
const firstNewNumber = 101;

/** Four nodes and the coordinator's host `desk`, each with its own disk, and what faults can do to them. */
export class ChaosFarm {
  /** When no node could be used. */
  readonly allAway = new Spans(awayGraceMs);
  /** When there was no room for frames and videos. */
  readonly diskFull = new Spans();
  /** Where the films are made: a separate disk, which can be full. */
  readonly films: SmallDisk;
  readonly nodes: readonly ChaosNode[];
  readonly lab: FarmLab;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** The coordinator's clock; undefined if it cannot be set here. */
  readonly clock: FakedClock | undefined;
  readonly #disks: ReadonlyMap<string, SmallDisk>;
  #nextNumber = firstNewNumber;
  #coordinatorsBlender = "";

  private constructor(
    lab: FarmLab,
    disks: ReadonlyMap<string, SmallDisk>,
    films: SmallDisk,
    report: Report,
    signal: AbortSignal,
  ) {
    this.lab = lab;
    this.#disks = disks;
    this.films = films;
    this.report = report;
    this.signal = signal;
    this.nodes = names.map((name) => new ChaosNode(name, lab, report, signal));
    this.clock = fakedClockProblem === undefined ? new FakedClock(lab.path("clock")) : undefined;
  }

  static async open(report: Report, signal: AbortSignal): Promise<ChaosFarm> {
    const lab = await FarmLab.open("desk", ...names);
    const disks = new Map<string, SmallDisk>();
    for (const name of names) disks.set(name, await mountSmallDisk(lab.path(`${name}/cache`), cacheMegabytes));
    const farm = new ChaosFarm(lab, disks, await mountSmallDisk(lab.path("films"), filmsMegabytes), report, signal);
    // libfaketime stops Blender at its start: programs that the coordinator starts must run without it.
    farm.#coordinatorsBlender = await blenderBehind(lab, "desk", "unset LD_PRELOAD");
    return farm;
  }

  /** Does something during which these nodes cannot be used. */
  async whileAway(nodes: readonly ChaosNode[], work: () => Promise<void>): Promise<void> {
    const set = (isAway: boolean) => {
      for (const node of nodes) node.isAway = isAway;
      this.allAway.set(this.nodes.every((node) => node.isAway));
    };
    set(true);
    try {
      await work();
    } finally {
      set(false);
    }
  }

  /** Starts the command line on the coordinator's machine. */
  coordinate(args: readonly string[]): LabCoordinator {
    // A killed program leaves libfaketime's shared memory behind: in a private /dev/shm it does no harm.
    const ownMemory = ["sh", "-c", 'mount -t tmpfs renderfarm-test /dev/shm && exec "$@"', "sh"];
    const words = this.clock === undefined ? [] : [...ownMemory, ...this.clock.words];
    return this.lab.coordinate([...args, "--blender", this.#coordinatorsBlender], {}, words);
  }

  /** The running encoders of a video. */
  async encodersOf(output: string): Promise<number[]> {
    const processes = await this.lab.processes();
    const part = `/.${basename(output)}.`;
    const its = processes.filter(({ command }) => /^(\S*\/)?ffmpeg /.test(command) && command.includes(part));
    return its.map(({ pid }) => pid);
  }

  /** Names of the nodes that the command line does not find on the network. */
  async missing(): Promise<string[]> {
    const [command = "", ...words] = [...this.lab.deskWords, process.execPath, builtProgram, "nodes", "--json"];
    const { stdout } = await execa(command, words, {
      env: this.lab.environment,
      extendEnv: false,
      timeout: 60_000,
      reject: false,
    });
    return names.filter((name) => !stdout.includes(`"name":"${name}"`));
  }

  /** Leaves no byte free where a node keeps its files. @returns Undoes it */
  async fillNode({ name }: ChaosNode): Promise<() => Promise<void>> {
    const disk = this.#disks.get(name);
    await disk?.fill();
    return async () => await disk?.empty();
  }

  /** Leaves no byte free where the films are made. @returns Undoes it */
  async fillFilms(): Promise<() => Promise<void>> {
    this.diskFull.set(true);
    await this.films.fill();
    return async () => {
      await this.films.empty();
      this.diskFull.set(false);
    };
  }

  /** Deletes everything that a node has received. */
  async emptyCache({ name }: ChaosNode): Promise<void> {
    for (const folder of ["blobs", "parts"]) {
      await rm(this.lab.path(`${name}/cache/renderfarm/${folder}`), { recursive: true, force: true });
    }
  }

  /** Gives a node an address that no host had before. @returns The address */
  async readdress({ name }: ChaosNode): Promise<string> {
    await this.lab.network.readdress(name, this.#nextNumber++);
    return this.lab.network.addressOf(name);
  }
}
