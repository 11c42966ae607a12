import { setTimeout as delay } from "node:timers/promises";
import { fakedClockProblem } from "../../support/faked-clock.ts";
import { aimAtJob, type Fault, missed, type Outcome, type Stage, until } from "./fault.ts";

const finishesWithinMs = 120_000;
const goesOnWithinMs = 60_000;
/** An orderly end takes at most ten seconds; the rest is for a busy machine. */
const endsWithinMs = 25_000;
const secondInterruptMs = 6_000;
const leastJumpMs = 20 * 60_000;

/** Exit codes of the program when a signal ends it, once it handles signals. */
const codes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/** The first event of the next start, and how it is counted. */
const beginnings = new Map([
  ["job:resumed", "resumed"],
  ["frame:started", "begun without frames"],
  ["job:completed", "found complete"],
]);

/** Ends the running coordinator, and records how the next one continues. */
async function end(stage: Stage, name: NodeJS.Signals): Promise<Outcome> {
  const job = stage.jobNow();
  const one = job?.current;
  if (job === undefined || one?.isAlive !== true) return missed("there was none");
  one.signal(name);
  // Running frames may never end: a second Ctrl-C stops at once.
  if (name === "SIGINT" && !(await until(stage, () => !one.isAlive, secondInterruptMs))) one.signal(name);
  if (!(await until(stage, () => !one.isAlive, endsWithinMs)) && !stage.farm.signal.aborted) {
    one.signal("SIGKILL");
    throw new Error(`it did not end within ${endsWithinMs / 1_000} s:\n${one.run.story()}`);
  }
  const { code, signal } = await one.run.ended;
  const isOurs = signal === name || (code !== null && code === codes[name]);
  if (!isOurs) return missed("something else had just ended it");
  const next = () => (job.current === one ? [] : (job.current?.run.events ?? []));
  const first = () => next().find(({ type }) => beginnings.has(type))?.type;
  await until(stage, () => first() !== undefined || job.isOver, goesOnWithinMs);
  const word = beginnings.get(first() ?? "");
  return { isEffective: true, followed: word === undefined ? [] : [word] };
}

/** Faults of the coordinator. */
export const coordinatorFaults: readonly Fault[] = [
  { name: "kill -9 of the coordinator", weight: 4, run: (stage) => end(stage, "SIGKILL") },
  {
    name: "kill -9 of the coordinator while it finishes the video",
    weight: 1,
    async run(stage) {
      const isFinishing = await until(stage, () => stage.jobNow()?.current?.isFinishing === true, finishesWithinMs);
      if (!isFinishing) return missed("no film came to its end");
      await delay(stage.dice.next() * 200); // at any moment of it
      return await end(stage, "SIGKILL");
    },
  },
  { name: "SIGTERM to the coordinator", weight: 1, run: (stage) => end(stage, "SIGTERM") },
  { name: "Ctrl-C at the coordinator", weight: 1, run: (stage) => end(stage, "SIGINT") },
  {
    name: "the same command a second time",
    weight: 1,
    async run(stage) {
      await until(stage, () => stage.jobNow()?.current?.run.all("job:started").length === 1, stage.aimMs);
      const how = await stage.jobNow()?.double();
      if (how === undefined) return missed("there was no job");
      return { isEffective: how.includes("FARM_JOB_LOCKED"), followed: [`second one ended with ${how}`] };
    },
  },
  {
    name: "another job on the same nodes",
    weight: 1,
    async run(stage) {
      await aimAtJob(stage);
      const job = stage.beside();
      const isTold = () => (job.current?.run.all("node:busy").length ?? 0) > 0;
      await until(stage, () => isTold() || job.isOver, goesOnWithinMs);
      return { isEffective: isTold(), followed: isTold() ? ["told busy"] : [] };
    },
  },
];

export const clockFault: Fault = {
  name: "the coordinator's clock jumps",
  weight: 1,
  problem: fakedClockProblem,
  async run(stage) {
    await aimAtJob(stage);
    const one = stage.jobNow()?.current;
    const seen = one?.run.events.length ?? 0;
    const offset = stage.dice.pick(["+365d", "-2d", "+1h", "-40m"]);
    stage.farm.clock?.jump(offset);
    const isSeen = () => one?.run.events.slice(seen).some(({ at }) => isWrong(String(at))) === true;
    await until(stage, () => isSeen() || one?.isAlive !== true, goesOnWithinMs);
    return { isEffective: isSeen(), told: [offset] };
  },
};

/** Whether a time is wrong. */
function isWrong(at: string): boolean {
  return Math.abs(Date.parse(at) - Date.now()) > leastJumpMs;
}
