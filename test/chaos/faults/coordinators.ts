import { setTimeout as delay } from "node:timers/promises";
import { fakedClockProblem } from "../../support/faked-clock.ts";
import { type Fault, fault, missed, type Outcome, type Stage } from "./fault.ts";

const finishesWithinMs = 120_000;
const goesOnWithinMs = 60_000;
/** An ordered end takes at most ten seconds; the machine is busy. */
const endsWithinMs = 25_000;
const secondInterruptMs = 6_000;
const leastJumpMs = 20 * 60_000;

/** How the program says that it was ended by a signal, once it listens for it. */
const codes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/** What the next one first does. */
const beginnings = new Map([
  ["job:resumed", "resumed"],
  ["frame:started", "begun without frames"],
  ["job:completed", "found complete"],
]);

/** Ends the running coordinator, and sees what the next one makes of it. */
async function end(stage: Stage, name: NodeJS.Signals): Promise<Outcome> {
  const { job, coordinator: one } = stage;
  if (job === undefined || one?.isAlive !== true) return missed("there was none");
  one.signal(name);
  const isEnded = () => !one.isAlive;
  // What runs may never be finished: a second Ctrl-C stops at once.
  if (name === "SIGINT" && !(await stage.until(isEnded, secondInterruptMs))) one.signal(name);
  if (!(await stage.until(isEnded, endsWithinMs))) {
    one.signal("SIGKILL");
    throw new Error(`it did not end within ${endsWithinMs / 1_000} s:\n${one.run.story()}`);
  }
  const { code, signal } = await one.run.ended;
  const isOurs = signal === name || (code !== null && code === codes[name]);
  if (!isOurs) return missed("something else had just ended it");
  const next = () => (job.current === one ? [] : (job.current?.run.events ?? []));
  const first = () => next().find(({ type }) => beginnings.has(type))?.type;
  await stage.until(() => first() !== undefined || job.isOver, goesOnWithinMs);
  const word = beginnings.get(first() ?? "");
  return { isEffective: true, followed: word === undefined ? [] : [word] };
}

/** What happens to the program that coordinates. */
export const coordinatorFaults: readonly Fault[] = [
  fault("kill -9 of the coordinator", 4, (stage) => end(stage, "SIGKILL")),

  fault("kill -9 of the coordinator while it finishes the video", 1, async (stage) => {
    const isFinishing = await stage.until(() => stage.coordinator?.isFinishing === true, finishesWithinMs);
    if (!isFinishing) return missed("no film came to its end");
    await delay(stage.dice.next() * 200);
    return await end(stage, "SIGKILL");
  }),

  fault("SIGTERM to the coordinator", 1, (stage) => end(stage, "SIGTERM")),
  fault("Ctrl-C at the coordinator", 1, (stage) => end(stage, "SIGINT")),

  fault("the same command a second time", 1, async (stage) => {
    await stage.until(() => stage.coordinator?.run.all("job:started").length === 1);
    const how = await stage.job?.double();
    if (how === undefined) return missed("there was no job");
    return { isEffective: how.includes("FARM_JOB_LOCKED"), followed: [`second one ended with ${how}`] };
  }),

  fault("another job on the same nodes", 1, async (stage) => {
    await stage.aimAtJob();
    const job = stage.world.beside();
    const isTold = () => (job.current?.run.all("node:busy").length ?? 0) > 0;
    await stage.until(() => isTold() || job.isOver, goesOnWithinMs);
    return { isEffective: isTold(), followed: isTold() ? ["told busy"] : [] };
  }),

  fault("the coordinator's clock jumps", 1, jumpClock, { problem: fakedClockProblem }),
];

async function jumpClock(stage: Stage): Promise<Outcome> {
  await stage.aimAtJob();
  const one = stage.coordinator;
  const seen = one?.run.events.length ?? 0;
  const told = stage.dice.pick(["+365d", "-2d", "+1h", "-40m"]);
  stage.world.farm.clock?.jump(told);
  const isWrong = (at: string) => Math.abs(Date.parse(at) - Date.now()) > leastJumpMs;
  const isSeen = () => one?.run.events.slice(seen).some(({ at }) => isWrong(String(at))) === true;
  await stage.until(() => isSeen() || one?.isAlive !== true, goesOnWithinMs);
  return { isEffective: isSeen(), told };
}
