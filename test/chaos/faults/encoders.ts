import { send } from "../../support/processes.ts";
import { type Fault, last, type Stage, until } from "./fault.ts";

/** Waits for an encoder. @returns The running ones */
async function aimAtEncoders(stage: Stage): Promise<number[]> {
  const encoders = async () => (await stage.jobNow()?.encoders()) ?? [];
  await until(stage, async () => (await encoders()).length > 0, stage.aimMs);
  return await encoders();
}

/** Faults of FFmpeg. */
export const encoderFaults: readonly Fault[] = [
  {
    name: "encoder killed",
    weight: 2,
    leadsTo: ["encode:postponed"],
    async run(stage) {
      const encoders = await aimAtEncoders(stage);
      const killed = encoders.filter((pid) => send(pid, "SIGKILL")).length;
      const one = stage.jobNow()?.current;
      if (one) one.encodersKilled += killed;
      return { isEffective: killed > 0 };
    },
  },
  {
    name: "encoder frozen",
    weight: 1,
    async run(stage) {
      const encoders = await aimAtEncoders(stage);
      for (const pid of encoders) send(pid, "SIGSTOP");
      await last(stage);
      for (const pid of encoders) send(pid, "SIGCONT");
      return { isEffective: encoders.length > 0 };
    },
  },
];
