/**
 * A real farm of four nodes, and faults every few seconds, for minutes:
 * `node scripts/chaos.mjs [--seed N] [--minutes 3] [--frames 120] [--samples 60] [--limit MINUTES]`
 *
 * Ends with status 0 only if every frame of every job is stored once, identical to an undisturbed render and in the video,
 * nothing ended that no fault has ended, every kind of fault hit something, and nothing is left behind. The same seed
 * plans the same faults for the same times.
 */
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { disturb, onceEach } from "./chaos/director.mjs";
import { ChaosFarm } from "./chaos/farm.mjs";
import { whatHangs } from "./chaos/hanging.mjs";
import { Job } from "./chaos/job.mjs";
import { Ledger } from "./chaos/ledger.mjs";
import { findProblem, readOptions, replayOf } from "./chaos/options.mjs";
import { watchForOrphans } from "./chaos/orphans.mjs";
import { planOf } from "./chaos/plan.mjs";
import { makeFilm } from "./chaos/scene.mjs";
import { sumUp } from "./chaos/summary.mjs";
import { pause } from "./chaos/waiting.mjs";
import { findBlender } from "./setup/tools.mjs";

/** @typedef {import("./chaos/scene.mjs").Film} Film */

const names = ["north", "east", "south", "west"];
/** Of the films that are made beside the others. */
const framesBeside = 8;
/** When nothing disturbs any more: a node may keep a job that was broken off for ten minutes before it is free. */
const endsWithinMs = 11 * 60_000;
/** For ending everything, once it is ended by force. */
const closesWithinMs = 60_000;

const options = optionsOrExit();
const { seed, minutes, frames, samples, limit } = options;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort(new Error("interrupted")));
process.stdout.on("error", () => stop.abort(new Error("nobody reads")));

const startedMs = performance.now();
const folder = mkdtempSync(join(tmpdir(), "renderfarm-chaos-"));
const mark = randomBytes(6).toString("hex");
const key = Array.from(randomBytes(32), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("");
const blender = findBlender() ?? "blender";
const farm = new ChaosFarm({ mark, folder, blender, key });
const ledger = new Ledger();
/** @type {Job[]} */
const jobs = [];
/** @type {string[]} */
const complaints = [];
let phase = "the beginning";

async function chaos() {
  console.log(`seed ${seed}, at most ${limit} minutes; the same faults again with  ${replayOf(options)}`);
  enter("the undisturbed render");
  const hangs = join(folder, "hangs");
  mkdirSync(hangs);
  const scene = { blender, samples, hangs };
  const film = await makeFilm(farm, { ...scene, folder: join(folder, "reference"), frames }, stop.signal);
  const other = await makeFilm(farm, { ...scene, folder: join(folder, "other"), frames: framesBeside }, stop.signal);
  enter("the start of the nodes");
  await farm.open(names, complain);
  watchForOrphans(farm, complain, stop.signal).catch((error) => complain(`nobody watches for orphans: ${error}`));

  enter("the faults");
  /** @type {Promise<void>[]} */
  const beside = [];
  const stage = {
    jobNow: () => jobs.findLast((job) => job.film === film),
    beside: () => {
      const job = begin(other, `beside${beside.length + 1}.mp4`);
      beside.push(job.run(stop.signal));
      beside.at(-1)?.catch(() => {}); // awaited at the end
      return job;
    },
    other: other.blendfile,
    hangs,
  };
  const plan = planHere();
  let isDisturbed = true;
  const disturbing = disturb(plan, { farm, ledger, stage, signal: stop.signal, say, complain }).finally(() => {
    isDisturbed = false;
  });
  const patience = patienceAfter(disturbing);
  for (let number = 1; isDisturbed; number += 1) {
    await Promise.race([begin(film, `film${number}.mp4`).run(stop.signal), patience]);
  }
  await Promise.race([Promise.all(beside), patience]);

  enter("the proof");
  const kinds = onceEach(plan).map(({ fault }) => fault.name);
  await sumUp({ farm, mark, ledger, jobs, kinds, complain });
}

/** What the seed plans, without what this machine cannot do. */
function planHere() {
  const plan = planOf(seed, minutes, names);
  for (const { fault } of onceEach(plan)) {
    const problem = fault.problem?.(farm);
    if (problem !== undefined) say(`not here: ${fault.name}, as ${problem}`);
  }
  return plan.filter(({ fault }) => fault.problem?.(farm) === undefined);
}

/** @param {Film} film @param {string} name */
function begin(film, name) {
  const hear = ledger.hear.bind(ledger);
  const job = new Job({ farm, film, output: join(farm.films, name), hear, say, complain });
  jobs.push(job);
  return job;
}

/** Never resolves: it fails when the jobs do not end although nothing disturbs them. @param {Promise<void>} disturbing */
function patienceAfter(disturbing) {
  const patience = (async () => {
    await disturbing;
    stop.signal.throwIfAborted();
    enter("the end of the last jobs");
    await pause(endsWithinMs, stop.signal);
    throw new Error(`the jobs have not ended ${endsWithinMs / 60_000} minutes after the last fault`);
  })();
  patience.catch(() => {});
  return patience;
}

function optionsOrExit() {
  try {
    const read = readOptions(process.argv.slice(2));
    const problem = findProblem();
    if (problem === undefined) return read;
    console.error(`Cannot run: ${problem}`);
  } catch (error) {
    console.error(`Cannot run: ${error instanceof Error ? error.message : error}`);
  }
  process.exit(2);
}

/** @param {string} next */
function enter(next) {
  phase = next;
  say(`${next}:`);
}

/** @param {string} text */
function say(text) {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6);
  console.log(`${seconds}  ${text}`);
}

/** @param {string} text */
function complain(text) {
  if (stop.signal.aborted) return; // what ends now is ended by force
  complaints.push(text);
  say(`WRONG: ${text}`);
}

/** What has to be looked at after a failure is on disks that go with the farm. */
function keepEvidence() {
  const evidence = join(folder, "evidence");
  cpSync(farm.films, evidence, { recursive: true, filter: (path) => !path.endsWith("/filler") });
  console.log(
    `What the jobs left is in ${evidence}, what the nodes printed in output.txt of each one's folder beside it`,
  );
}

/** Never resolves. @returns {Promise<never>} */
async function watchdog() {
  await pause(limit * 60_000, stop.signal);
  throw new Error(`not over after ${limit} minutes`);
}

try {
  await Promise.race([chaos(), watchdog()]);
} catch (error) {
  const text = error instanceof Error ? error.stack : String(error);
  complain(`${text}\nin ${phase}; what hangs:\n${whatHangs({ farm, ledger, jobs })}`);
}
const wasInterrupted = stop.signal.aborted;
stop.abort(new Error("it is over"));
setTimeout(() => process.exit(1), closesWithinMs);
const isGood = complaints.length === 0 && !wasInterrupted;
if (complaints.length > 0) keepEvidence();
await farm.close();
if (complaints.length === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
for (const complaint of complaints) console.log(`WRONG: ${complaint.split("\n")[0]}`);
if (wasInterrupted) say("interrupted");
else console.log(isGood ? `seed ${seed}: nothing was lost` : `seed ${seed}: FAILED; again with  ${replayOf(options)}`);
process.exit(isGood ? 0 : wasInterrupted ? 130 : 1); // whatever still waits for something
