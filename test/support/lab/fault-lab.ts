import { readFile, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { blenderPath } from "../blender.ts";
import { isStopped, send } from "../processes.ts";
import { waitFor } from "../wait-for.ts";
import type { FarmLab } from "./lab.ts";
import type { LabCoordinator, LabEvent } from "./lab-coordinator.ts";
import type { LabNode } from "./lab-node.ts";
import { storedFrames } from "./lab-results.ts";

/** The Blender processes that a node renders in. */
export async function slotsOf(lab: FarmLab, node: LabNode): Promise<number[]> {
  const processes = await lab.processes();
  const children = processes.filter(
    ({ parent, command }) => parent === node.child.pid && command.includes("slot_main"),
  );
  return children.map(({ pid }) => pid);
}

/** Expects that each frame is recorded once, and that nothing is left except what dead nodes could not clean up. */
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

/** Freezes a process until `SIGCONT`; resolves when it is frozen. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitFor(() => isStopped(pid), `process ${pid} to be frozen`);
}

/** Freezes the Blenders of a node, so that a job cannot end in the meantime; the node itself keeps running. */
export async function hold(lab: FarmLab, node: LabNode): Promise<{ letGo(): void }> {
  const slots = await slotsOf(lab, node);
  await Promise.all(slots.map(freeze));
  return {
    letGo: () => {
      for (const pid of slots) send(pid, "SIGCONT"); // unless it was ended because another node delivered its frame
    },
  };
}

/**
 * Expects that a node is lost in time after a fault that just began, and that all its frames are requeued at once.
 *
 * @param withinMs From the fault to the event
 */
export async function expectLost(run: LabCoordinator, name: string, withinMs: number): Promise<void> {
  const faultAtMs = performance.now();
  const isIts = (event: LabEvent) => event.name === name && event.heardAtMs > faultAtMs;
  const lost = await run.event("node:lost", 1, isIts);
  const requeued = await run.event("frame:requeued", 1, isIts);
  expect(lost.heardAtMs - faultAtMs, run.story()).toBeLessThan(withinMs);
  expect(requeued.heardAtMs - lost.heardAtMs, run.story()).toBeLessThan(1_000);
}

/** Expects that other nodes delivered every frame of a lost node, of which there must be at least one. */
export function expectElsewhere(run: LabCoordinator, lost: string): void {
  const frames = run.all("frame:requeued").filter(({ name }) => name === lost);
  const senders = frames.map(({ frame }) => run.all("frame:stored").find((event) => event.frame === frame)?.name);
  expect(senders.length).toBeGreaterThan(0);
  expect(senders).not.toContain(lost);
  expect(senders).not.toContain(undefined);
}

/** The blendfile, truncated: its header is good, and the rest is missing. */
export async function halfOf(blendfile: string): Promise<Buffer> {
  const whole = await readFile(blendfile);
  return whole.subarray(0, whole.length / 2);
}

/**
 * Blender behind a script, for a node's `--blender`.
 *
 * @param script Lines of sh that run first; Blender gets the arguments that they leave
 */
export async function blenderBehind(lab: FarmLab, name: string, script: string): Promise<string> {
  const path = lab.path(`blender-${name}`);
  await writeFile(path, `#!/bin/sh\n${script}\nexec '${blenderPath}' "$@"\n`, { mode: 0o755 });
  return path;
}
