import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { FarmLab } from "./lab.ts";
import type { LabCoordinator, LabEvent } from "./lab-coordinator.ts";
import type { LabNode } from "./lab-node.ts";
import { storedFrames } from "./lab-results.ts";
import { isStopped } from "./processes.ts";

/** The Blenders in which a node renders. */
export async function slotsOf(lab: FarmLab, node: LabNode): Promise<number[]> {
  const processes = await lab.processes();
  const children = processes.filter(
    ({ parent, command }) => parent === node.child.pid && command.includes("slot_main"),
  );
  return children.map(({ pid }) => pid);
}

/** Expects that each frame is recorded once, and that nothing but what the dead nodes could not clean up is left. */
export async function expectClean(lab: FarmLab, output: string, dead: readonly string[] = []): Promise<void> {
  const frames = (await storedFrames(output)).map(({ frame }) => frame);
  expect(frames.length).toBe(new Set(frames).size);
  expect(await lab.leftovers(dead)).toEqual({ processes: [], files: [] });
}

/** Waits until a node renders a frame that is not stored yet. */
export function renders(run: LabCoordinator, name: string): Promise<LabEvent> {
  const isStored = (frame: unknown) => run.all("frame:stored").some((event) => event.frame === frame);
  return run.event("frame:started", 1, (event) => event.name === name && !isStored(event.frame));
}

/** Freezes a process until `SIGCONT`; it is frozen when this resolves. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  while (!(await isStopped(pid))) await delay(10);
}

/** The blendfile, cut short: its header is good, and the rest is not there. */
export async function halfOf(blendfile: string): Promise<Buffer> {
  const whole = await readFile(blendfile);
  return whole.subarray(0, whole.length / 2);
}
