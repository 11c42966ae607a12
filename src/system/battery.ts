import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { askProgram } from "./programs/ask-program.ts";

const answerWithinMs = 10_000;

export interface BatteryQuestion {
  readonly signal: AbortSignal;
  readonly platform?: NodeJS.Platform;
  /** Where Linux tells of power supplies. */
  readonly suppliesFolder?: string;
}

/** Whether this machine runs on its battery now. False also if the system does not say. */
export async function isOnBattery({
  signal,
  platform = process.platform,
  suppliesFolder = "/sys/class/power_supply",
}: BatteryQuestion): Promise<boolean> {
  const ask = async (program: string, args: readonly string[]) =>
    (await askProgram(program, args, { timeoutMs: answerWithinMs, signal })).stdout;
  if (platform === "linux") return await isDischarging(suppliesFolder);
  if (platform === "darwin") return (await ask("pmset", ["-g", "batt"])).includes("'Battery Power'");
  if (platform !== "win32") return false;
  // 1 is "discharging"; without a battery the answer is empty.
  const question = "(Get-CimInstance -ClassName Win32_Battery).BatteryStatus";
  return (await ask("powershell", ["-NoProfile", "-NonInteractive", "-Command", question])).trim() === "1";
}

/** Linux describes each supply in a folder: Documentation/ABI/testing/sysfs-class-power in its sources. */
async function isDischarging(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  const read = async (name: string, file: string) =>
    (await readFile(join(folder, name, file), "utf8").catch(() => "")).trim();
  const supplies = await Promise.all(
    names.map(async (name) => ({
      type: await read(name, "type"),
      online: await read(name, "online"),
      status: await read(name, "status"),
      scope: await read(name, "scope"),
    })),
  );
  if (supplies.some(({ type, online }) => type === "Mains" && online === "1")) return false;
  // The battery of a mouse has the scope "Device".
  return supplies.some((each) => each.type === "Battery" && each.scope !== "Device" && each.status === "Discharging");
}
