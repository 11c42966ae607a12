import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCodeOf } from "../../core/errors.ts";
import { askProgram } from "../../system/programs/ask-program.ts";

/**
 * What tells a process from every other one, of this machine and of others. Numbers of processes are used again, machines
 * share names, and containers number their processes each for themselves. A part is `null` where the system does not tell.
 */
export interface ProcessIdentity {
  /** The run of the system that it is in, from one boot to the next; on Windows the machine. */
  readonly boot: string | null;
  /** Where its number counts. */
  readonly namespace: string | null;
  readonly pid: number;
  /** When it began, on the system's own scale. */
  readonly start: string | null;
}

/** What became of a process; `unknown` where it cannot be looked at: it may run, on another machine or in another container. */
export type ProcessLife = "running" | "gone" | "unknown";

/** How long macOS's own programs may take. */
const askTimeoutMs = 5_000;

let own: Promise<ProcessIdentity> | undefined;

/** Of this process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= identify();
  return own;
}

/** Looks at a process that said who it was. Only what is seen for sure is "running" or "gone". */
export async function lookAtProcess({ boot, namespace, pid, start }: ProcessIdentity): Promise<ProcessLife> {
  const self = await ownIdentity();
  const isWithinSight = boot !== null && boot === self.boot && namespace !== null && namespace === self.namespace;
  if (!isWithinSight || start === null || pid < 1) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ESRCH") return "gone";
    if (code !== "EPERM") return "unknown"; // EPERM is another user's process, which is there
  }
  if (pid === self.pid) return start === self.start ? "running" : "gone"; // its number is ours now
  if (process.platform === "win32") return "unknown"; // there is one of that number, and it may be another
  const there = process.platform === "darwin" ? await macStart(pid) : await linuxStart(pid);
  if (there === null) return "unknown"; // it ended in this moment, or other users' processes are hidden
  return there === start ? "running" : "gone";
}

async function identify(): Promise<ProcessIdentity> {
  const { pid, platform } = process;
  if (platform === "linux") return { pid, ...(await linuxIdentity()) };
  if (platform === "darwin") {
    const boot = await answerOf("sysctl", "-n", "kern.bootsessionuuid");
    return { pid, boot, namespace: "all", start: await macStart(pid) };
  }
  // Of the machine and not of its boot: that no process has a number is known of both. A container has a name of its own.
  if (platform === "win32") return { pid, boot: await machineGuid(), namespace: hostname(), start: ownStart };
  return { pid, boot: null, namespace: null, start: null };
}

/** Only ever compared with itself: Windows tells when another process began only to programs in C. */
const ownStart = String(Math.round(performance.timeOrigin));

/** Made when Windows was installed. */
async function machineGuid(): Promise<string | null> {
  const text = await answerOf("reg", "query", "HKLM\\SOFTWARE\\Microsoft\\Cryptography", "/v", "MachineGuid");
  return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(text ?? "")?.[1] ?? null;
}

async function linuxIdentity(): Promise<Omit<ProcessIdentity, "pid">> {
  const boot = await textOf("/proc/sys/kernel/random/boot_id");
  // Two clocks may be two for processes of one machine, and their beginnings are told by these.
  const clock = await readlink("/proc/self/ns/time").catch(() => ""); // older kernels have one only
  const numbers = await readlink("/proc/self/ns/pid").catch(() => null);
  const namespace = numbers !== null && (await isOwnProc()) ? `${numbers} ${clock}`.trim() : null;
  return { boot, namespace, start: namespace === null ? null : await linuxStart(process.pid) };
}

/**
 * Whether /proc shows processes under the numbers that they have for this one: a container may see its host's. It lists the
 * numbers of a process from its own namespace down to that of the process, so then there is one.
 */
async function isOwnProc(): Promise<boolean> {
  const status = await textOf("/proc/self/status");
  return /^NSpid:\s*\d+$/m.test(status ?? "");
}

/** In ticks since the boot; "ended" for one that is dead, and whose parent has not asked for its exit code yet. */
async function linuxStart(pid: number): Promise<string | null> {
  const stat = await textOf(`/proc/${pid}/stat`);
  // The fields behind the program's name, which may itself hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" ? "ended" : (fields[19] ?? null);
}

/** To the second, which does for numbers that are used again only after all others were. */
async function macStart(pid: number): Promise<string | null> {
  return await answerOf("env", "LC_ALL=C", "TZ=UTC", "ps", "-o", "lstart=", "-p", String(pid));
}

async function answerOf(program: string, ...args: string[]): Promise<string | null> {
  const { stdout, failed } = await askProgram(program, args, { timeoutMs: askTimeoutMs });
  return failed || stdout.trim() === "" ? null : stdout.trim();
}

async function textOf(file: string): Promise<string | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text?.trim() ?? null;
}
