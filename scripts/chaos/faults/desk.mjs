import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { send } from "../processes.mjs";
import { oneOf } from "../random.mjs";
import { until } from "../waiting.mjs";
import { aim, aimAtJob, last } from "./fault.mjs";

/** @typedef {import("./fault.mjs").Fault} Fault */
/** @typedef {import("./fault.mjs").Stage} Stage */

const noticesWithinMs = 40_000;
const nextFrameWithinMs = 15_000;

/** @param {Stage} stage */
const aimAtEncoder = (stage) => aim(stage, () => (stage.jobNow()?.encoders().length ?? 0) > 0);

/** Ways to save over a file. @type {readonly ((from: string, to: string) => void)[]} */
const savings = [
  copyFileSync,
  (from, to) => {
    copyFileSync(from, `${to}@`);
    renameSync(`${to}@`, to);
  },
];

/** Ways in which a disk loses a frame. @type {Readonly<Record<string, (file: string, others: readonly string[]) => void>>} */
const damages = {
  "cut short": (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  emptied: (file) => truncateSync(file, 0),
  "taken away": (file) => rmSync(file),
  "with a flipped bit": (file) => {
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  },
  "with another frame in it": (file, others) => copyFileSync(others.find((other) => other !== file) ?? file, file),
};

/** What happens to the encoder and to files at the desk. @type {readonly Fault[]} */
export const deskFaults = [
  {
    name: "encoder killed",
    weight: 2,
    leadsTo: ["encode:postponed"],
    async run(stage) {
      await aimAtEncoder(stage);
      const job = stage.jobNow();
      const killed = job?.encoders().filter(({ pid }) => send(pid, "SIGKILL")).length ?? 0;
      if (job?.current) job.current.encodersKilled += killed;
      return { isEffective: killed > 0 };
    },
  },
  {
    name: "encoder frozen",
    weight: 1,
    async run(stage) {
      await aimAtEncoder(stage);
      const encoders = stage.jobNow()?.encoders() ?? [];
      for (const { pid } of encoders) send(pid, "SIGSTOP");
      await last(stage);
      for (const { pid } of encoders) send(pid, "SIGCONT");
      return { isEffective: encoders.length > 0 };
    },
  },
  {
    name: "the coordinator's disk is full",
    weight: 1,
    leadsTo: ["encode:postponed"],
    async run(stage) {
      const { farm, signal } = stage;
      const isUnderWay = await aimAtJob(stage);
      const one = stage.jobNow()?.current;
      const empty = await farm.fillDesk();
      await until(() => one?.isAlive !== true, noticesWithinMs, signal);
      await last(stage);
      empty();
      if (one === undefined || one.isAlive) return { isEffective: false, told: "nothing was stored meanwhile" };
      const { signal: killedBy, last: word } = await one.ended;
      const how = String(killedBy ?? word?.code ?? word?.type);
      return { isEffective: isUnderWay && how === "FARM_STORE_FAILED", followed: [`ended with ${how}`] };
    },
  },
  {
    name: "the blendfile is saved over",
    weight: 1,
    async run(stage) {
      const { other, random, signal } = stage;
      const isUnderWay = await aimAtJob(stage);
      const job = stage.jobNow();
      const one = job?.current;
      if (!job || !one || !isUnderWay) return { isEffective: false, told: "nothing was rendered" };
      const { blendfile } = job.film;
      const kept = `${blendfile}.kept`;
      // A start that reads it now would rightly take it for another film.
      const letGo = job.hold();
      copyFileSync(blendfile, kept);
      const stored = one.all("frame:stored").length;
      try {
        oneOf(savings, random)?.(other, blendfile);
        await last(stage, 2);
        await until(() => one.all("frame:stored").length > stored || !one.isAlive, nextFrameWithinMs, signal);
      } finally {
        renameSync(kept, blendfile);
        letGo();
      }
      const frames = one.all("frame:stored").length - stored;
      return { isEffective: frames > 0, followed: frames > 0 ? ["frames stored meanwhile"] : [] };
    },
  },
  {
    name: "a stored frame is damaged between two starts",
    weight: 2,
    async run(stage) {
      const { random } = stage;
      await aim(stage, () => (stage.jobNow()?.stored ?? 0) > 1);
      const job = stage.jobNow();
      if (job?.current === undefined) return { isEffective: false, told: "there was no job" };
      const letGo = job.hold();
      try {
        const isEnded = job.current.signal("SIGKILL");
        await job.current.ended;
        if (!isEnded || job.hasCompany || existsSync(job.output))
          return { isEffective: false, told: "it was too late" };
        const folder = `${job.output}.renderfarm/frames`;
        const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+\.png$/.test(name)) : [];
        const name = oneOf(names, random);
        const how = oneOf(Object.keys(damages), random) ?? "";
        if (name === undefined || names.length < 2) return { isEffective: false, told: "no frame was stored" };
        damages[how]?.(
          join(folder, name),
          names.map((other) => join(folder, other)),
        );
        const frame = Number(name.slice(0, -4));
        job.damaged.set(frame, (job.damaged.get(frame) ?? 0) + 1);
        return { isEffective: true, told: `frame ${frame} ${how}` };
      } finally {
        letGo();
      }
    },
  },
];
