import { completed } from "../coordinator.mjs";
import { oneOf } from "../random.mjs";
import { pause, until } from "../waiting.mjs";
import { aim, aimAtJob } from "./fault.mjs";

/** @typedef {import("./fault.mjs").Fault} Fault */
/** @typedef {import("./fault.mjs").Stage} Stage */

const finishesWithinMs = 120_000;
const goesOnWithinMs = 60_000;
/** An ordered end takes at most ten seconds; the machine is busy. */
const endsWithinMs = 25_000;
const secondInterruptMs = 6_000;
const leastJumpMs = 20 * 60_000;

/** How the program says that it was ended by a signal, once it listens for it. @type {Partial<Record<NodeJS.Signals, number>>} */
const codes = { SIGINT: 130, SIGTERM: 143 };

/**
 * Ends the running coordinator, and sees what the next one makes of it.
 *
 * @param {Stage} stage
 * @param {NodeJS.Signals} name
 * @returns {Promise<import("./fault.mjs").Outcome>}
 */
async function end(stage, name) {
  const { signal } = stage;
  const job = stage.jobNow();
  const one = job?.current;
  if (job === undefined || one?.isAlive !== true) return { isEffective: false, told: "there was none" };
  one.signal(name);
  // What runs may never be finished: a second Ctrl-C stops at once.
  if (name === "SIGINT" && !(await until(() => !one.isAlive, secondInterruptMs, signal))) one.signal(name);
  if (!(await until(() => !one.isAlive, endsWithinMs, signal)) && !signal.aborted) {
    one.signal("SIGKILL");
    throw new Error(`it did not end within ${endsWithinMs / 1_000} s:\n${one.story()}`);
  }
  const ended = await one.ended;
  const isOurs = ended.signal === name || (ended.code !== null && ended.code === codes[name]);
  if (!isOurs) return { isEffective: false, told: "something else had just ended it" };
  const next = () => (job.current === one ? undefined : job.current);
  const begins = ["job:resumed", "frame:started", completed];
  const first = () => next()?.events.find(({ type }) => begins.includes(type))?.type;
  await until(() => first() !== undefined || job.isOver, goesOnWithinMs, signal);
  const words = { "job:resumed": "resumed", "frame:started": "begun without frames", [completed]: "found complete" };
  const word = words[/** @type {keyof typeof words} */ (first() ?? "")];
  return { isEffective: true, followed: word ? [word] : [] };
}

/** What happens to the program at the desk. @type {readonly Fault[]} */
export const coordinatorFaults = [
  {
    name: "kill -9 of the coordinator",
    weight: 4,
    run: (stage) => end(stage, "SIGKILL"),
  },
  {
    name: "kill -9 of the coordinator while it finishes the video",
    weight: 1,
    async run(stage) {
      const { random, signal } = stage;
      const isFinishing = await until(() => stage.jobNow()?.current?.isFinishing === true, finishesWithinMs, signal);
      if (!isFinishing) return { isEffective: false, told: "no film came to its end" };
      await pause(random() * 200, signal);
      return await end(stage, "SIGKILL");
    },
  },
  {
    name: "SIGTERM to the coordinator",
    weight: 1,
    run: (stage) => end(stage, "SIGTERM"),
  },
  {
    name: "Ctrl-C at the coordinator",
    weight: 1,
    run: (stage) => end(stage, "SIGINT"),
  },
  {
    name: "the same command a second time",
    weight: 1,
    async run(stage) {
      await aim(stage, () => stage.jobNow()?.current?.all("job:started").length === 1);
      const job = stage.jobNow();
      if (job === undefined) return { isEffective: false, told: "there was no job" };
      const how = await job.double(stage.signal);
      return { isEffective: how.includes("FARM_JOB_LOCKED"), followed: [`second one ended with ${how}`] };
    },
  },
  {
    name: "another job on the same nodes",
    weight: 1,
    async run(stage) {
      await aimAtJob(stage);
      const job = stage.beside();
      const isTold = () => (job.current?.all("node:busy").length ?? 0) > 0;
      await until(() => isTold() || job.isOver, goesOnWithinMs, stage.signal);
      return { isEffective: isTold(), followed: isTold() ? ["told busy"] : [] };
    },
  },
  {
    name: "the desk's clock jumps",
    weight: 1,
    problem: ({ clock }) => (clock === undefined ? "there is no libfaketime" : undefined),
    async run(stage) {
      const { farm, random, signal } = stage;
      await aimAtJob(stage);
      const one = stage.jobNow()?.current;
      const seen = one?.events.length ?? 0;
      const offset = oneOf(["+365d", "-2d", "+1h", "-40m"], random) ?? "+1h";
      farm.clock?.jump(offset);
      const isSeen = () => one?.events.slice(seen).some(({ at }) => isElsewhen(String(at))) === true;
      const isEffective = await until(() => isSeen() || one?.isAlive !== true, goesOnWithinMs, signal);
      return { isEffective: isEffective && isSeen(), told: offset };
    },
  },
];

/** Whether a time is not the true one. @param {string} at */
function isElsewhen(at) {
  return Math.abs(Date.parse(at) - Date.now()) > leastJumpMs;
}
