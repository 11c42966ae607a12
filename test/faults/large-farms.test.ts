import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "vitest";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";
import { Dice } from "../support/simulation/simulate-dice.mjs";

/** A job in which frames are rendered faster than a disk stores them: waiting results must not be rendered again. */
interface Size {
  readonly nodes: number;
  readonly slots: number;
  readonly frames: number;
}

test.each<Size>([
  { nodes: 64, slots: 4, frames: 1_500 },
  { nodes: 300, slots: 1, frames: 900 },
])(
  "$nodes nodes with $slots slots each render $frames frames over real links, each stored once",
  async (size) => {
    await using farm = await ScriptedFarm.open();
    const dice = new Dice(1);
    const beforeFrame = () => new Promise<void>((resolve) => setTimeout(resolve, dice.between(100, 600)));
    const options = { slots: size.slots, scene: { frameEnd: size.frames }, isLively: true, beforeFrame };
    const nodes = await Promise.all(range(1, size.nodes).map(() => farm.start(options)));
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();

    const run = farm.run(nodes);
    const { frames, seconds } = await run.completed();

    delay.disable();
    const rendered = run.all("frame:rendered").length;
    console.log(
      `${size.nodes} × ${size.slots} slots: ${frames} frames in ${seconds.toFixed(1)} s, ${rendered} rendered; ` +
        `the event loop was late by ${Math.round(delay.max / 1e6)} ms at the most`,
    );
    await farm.expectFilm(range(1, size.frames));
    expect(run.all("node:lost")).toEqual([]);
    expect(run.all("frame:requeued")).toEqual([]);
    expect(farm.problems).toEqual([]);
    // Only frames in slots at the end may be speculated: one running and one waiting for each slot.
    expect(rendered).toBeLessThanOrEqual(size.frames + 2 * size.nodes * size.slots);
  },
  240_000,
);
