import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, send } from "../../support/processes.ts";
import { aimAtNode, type Fault, last, missed, type Outcome, type Stage, until } from "./fault.ts";

const frameBeginsWithinMs = 20_000;
/** How long the slot is watched; its node gets no other fault meanwhile. */
const hangsAtLeastMs = 40_000;
const frozenLongSeconds = 30;

async function freeze(stage: Stage, seconds: number): Promise<Outcome> {
  const isEffective = await aimAtNode(stage);
  const slots = await stage.node.slots();
  for (const pid of slots) send(pid, "SIGSTOP");
  await last({ ...stage, seconds });
  const followed: string[] = [];
  for (const pid of slots) if (!(await isRunning(pid))) followed.push("slot ended meanwhile");
  for (const pid of slots) send(pid, "SIGCONT");
  return { isEffective: isEffective && slots.length > 0, followed };
}

/** Faults of the Blenders that render. */
export const slotFaults: readonly Fault[] = [
  {
    name: "slot killed",
    weight: 3,
    isOfNode: true,
    async run(stage) {
      const isEffective = await aimAtNode(stage);
      const slots = await stage.node.slots();
      for (const pid of slots) send(pid, "SIGKILL");
      return { isEffective: isEffective && slots.length > 0 };
    },
  },
  { name: "slot frozen", weight: 2, isOfNode: true, run: (stage) => freeze(stage, stage.seconds * 2) },
  {
    name: "slot frozen for long",
    weight: 1,
    isOfNode: true,
    run: (stage) => freeze(stage, frozenLongSeconds + stage.seconds),
  },
  {
    // It is never undone: the program itself must end the slot, at the latest when the others have finished the film.
    name: "slot in an endless loop",
    weight: 1,
    isOfNode: true,
    async run(stage) {
      await aimAtNode(stage);
      const order = join(stage.hangs, stage.node.name);
      await writeFile(order, "");
      const slots = await stage.node.slots();
      const isEffective = await until(stage, () => existsSync(`${order}.hangs`), frameBeginsWithinMs);
      for (const file of [order, `${order}.hangs`]) await rm(file, { force: true });
      if (!isEffective) return missed("no frame began");
      const areEnded = async () => (await Promise.all(slots.map(isRunning))).every((isThere) => !isThere);
      const isEnded = await until(stage, areEnded, hangsAtLeastMs);
      return { isEffective, followed: [isEnded ? "slot ended" : "still looping when last looked at"] };
    },
  },
];
