import { existsSync } from "node:fs";
import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aimAtJob, type Fault, last, missed, until } from "./fault.ts";

const noticesWithinMs = 40_000;
const nextFrameWithinMs = 15_000;

/** Ways to overwrite a file. */
const savings: readonly ((from: string, to: string) => Promise<void>)[] = [
  copyFile,
  async (from, to) => {
    await copyFile(from, `${to}@`);
    await rename(`${to}@`, to);
  },
];

/** Ways in which a disk damages a frame; `other` is another frame's file. */
const damages: Readonly<Record<string, (file: string, other: string) => Promise<void>>> = {
  "cut short": async (file) => await truncate(file, Math.floor((await readFile(file)).length / 2)),
  emptied: (file) => truncate(file, 0),
  "taken away": (file) => rm(file),
  "with a flipped bit": async (file) => {
    const bytes = await readFile(file);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(file, bytes);
  },
  "with another frame in it": (file, other) => copyFile(other, file),
};

/** Faults of the files that the coordinator works with. */
export const fileFaults: readonly Fault[] = [
  {
    name: "the coordinator's disk is full",
    weight: 1,
    leadsTo: ["encode:postponed"],
    async run(stage) {
      const isUnderWay = await aimAtJob(stage);
      const one = stage.jobNow()?.current;
      const empty = await stage.farm.fillFilms();
      await until(stage, () => one?.isAlive !== true, noticesWithinMs);
      await last(stage);
      await empty();
      if (one === undefined || one.isAlive) return missed("nothing was stored meanwhile");
      const { signal } = await one.run.ended;
      const word = one.run.events.at(-1);
      const how = String(signal ?? word?.code ?? word?.type);
      return { isEffective: isUnderWay && how === "FARM_STORE_FAILED", followed: [`ended with ${how}`] };
    },
  },
  {
    name: "the blendfile is saved over",
    weight: 1,
    async run(stage) {
      const isUnderWay = await aimAtJob(stage);
      const job = stage.jobNow();
      const one = job?.current;
      if (!job || !one || !isUnderWay) return missed("nothing was rendered");
      const { blendfile } = job.film;
      const kept = `${blendfile}.kept`;
      const before = one.stored;
      // A start that reads the blendfile now would rightly begin another film.
      await job.whileHeld(async () => {
        await copyFile(blendfile, kept);
        try {
          await stage.dice.pick(savings)(stage.other, blendfile);
          await last(stage, 2);
          await until(stage, () => one.stored > before || !one.isAlive, nextFrameWithinMs);
        } finally {
          await rename(kept, blendfile);
        }
      });
      const isEffective = one.stored > before;
      return { isEffective, followed: isEffective ? ["frames stored meanwhile"] : [] };
    },
  },
  {
    name: "a stored frame is damaged between two starts",
    weight: 2,
    async run(stage) {
      await until(stage, () => (stage.jobNow()?.current?.stored ?? 0) > 1, stage.aimMs);
      const job = stage.jobNow();
      const one = job?.current;
      if (!job || !one) return missed("there was no job");
      return await job.whileHeld(async () => {
        const isKilled = one.signal("SIGKILL");
        await one.run.ended;
        if (!isKilled || job.hasCompany || existsSync(job.output)) return missed("it was too late");
        const folder = `${job.output}.renderfarm/frames`;
        const files = existsSync(folder) ? (await readdir(folder)).filter((file) => /^\d+\.png$/.test(file)) : [];
        if (files.length < 2) return missed("no frame was stored");
        const file = stage.dice.pick(files);
        const how = stage.dice.pick(Object.keys(damages));
        await damages[how]?.(join(folder, file), join(folder, files.find((other) => other !== file) ?? file));
        const frame = Number(file.slice(0, -4));
        job.damaged.set(frame, (job.damaged.get(frame) ?? 0) + 1);
        return { isEffective: true, told: [`frame ${frame} ${how}`] };
      });
    },
  },
];
