import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, send } from "../../support/processes.ts";
import { type Fault, missed, nodeFault, type Outcome, type Stage } from "./fault.ts";

const frameBeginsWithinMs = 20_000;
/** As long is looked what becomes of it; nothing else is done to its node meanwhile. */
const hangsAtLeastMs = 40_000;
const frozenLongSeconds = 30;

async function freeze(stage: Stage, seconds: number): Promise<Outcome> {
  const isEffective = await stage.aimAtNode();
  const slots = await stage.node.slots();
  for (const pid of slots) send(pid, "SIGSTOP");
  await stage.last(seconds);
  const followed: string[] = [];
  for (const pid of slots) if (!(await isRunning(pid))) followed.push("slot ended meanwhile");
  for (const pid of slots) send(pid, "SIGCONT");
  return { isEffective: isEffective && slots.length > 0, followed };
}

/** What happens to the Blenders that render. */
export const slotFaults: readonly Fault[] = [
  nodeFault("slot killed", 3, async (stage) => {
    const isEffective = await stage.aimAtNode();
    const killed = (await stage.node.slots()).filter((pid) => send(pid, "SIGKILL"));
    return { isEffective: isEffective && killed.length > 0 };
  }),
  nodeFault("slot frozen", 2, (stage) => freeze(stage, stage.seconds * 2)),
  nodeFault("slot frozen for long", 1, (stage) => freeze(stage, frozenLongSeconds + stage.seconds)),

  // It is never undone: to end it is the program's own task, at the latest when the others have finished the film.
  nodeFault("slot in an endless loop", 1, async (stage) => {
    await stage.aimAtNode();
    const order = join(stage.world.hangs, stage.node.name);
    await writeFile(order, "");
    const slots = await stage.node.slots();
    const isEffective = await stage.until(() => existsSync(`${order}.hangs`), frameBeginsWithinMs);
    for (const file of [order, `${order}.hangs`]) await rm(file, { force: true });
    if (!isEffective) return missed("no frame began");
    const areEnded = async () => (await Promise.all(slots.map(isRunning))).every((isThere) => !isThere);
    const isEnded = await stage.until(areEnded, hangsAtLeastMs);
    return { isEffective, followed: [isEnded ? "slot ended" : "still looping when last looked at"] };
  }),
];
