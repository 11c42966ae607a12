import { send } from "../../support/processes.ts";
import { type Fault, fault, type Stage } from "./fault.ts";

/** Waits for encoders. @returns Those that run */
async function aimAtEncoders(stage: Stage): Promise<number[]> {
  let encoders: number[] = [];
  await stage.until(async () => {
    encoders = (await stage.job?.encoders()) ?? [];
    return encoders.length > 0;
  });
  return encoders;
}

/** What happens to FFmpeg. */
export const encoderFaults: readonly Fault[] = [
  fault("encoder killed", 2, killEncoders, { leadsTo: ["encode:postponed"] }),

  fault("encoder frozen", 1, async (stage) => {
    const encoders = await aimAtEncoders(stage);
    for (const pid of encoders) send(pid, "SIGSTOP");
    await stage.last();
    for (const pid of encoders) send(pid, "SIGCONT");
    return { isEffective: encoders.length > 0 };
  }),
];

async function killEncoders(stage: Stage) {
  const killed = (await aimAtEncoders(stage)).filter((pid) => send(pid, "SIGKILL")).length;
  if (stage.coordinator) stage.coordinator.encodersKilled += killed;
  return { isEffective: killed > 0 };
}
