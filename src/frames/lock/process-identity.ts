import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCodeOf } from "../../core/errors.ts";
import { askProgram } from "../../system/programs/ask-program.ts";

/**
 * Identifies a process among all processes of all machines. Process numbers are reused, machines share names, and each
 * container numbers its own processes. A part is `null` if the system does not provide it.
 */
export interface ProcessIdentity {
  /** Id of the system's current boot; on Windows, of the machine. */
  readonly boot: string | null;
  /** The namespace of its number. */
  readonly namespace: string | null;
  readonly pid: number;
  /** When it started, on the system's own scale. */
  readonly start: string | null;
}

/**
 * Whether a process runs; `unknown` if it cannot be inspected, because it is on another machine or in another
 * container.
 */
export type ProcessLife = "running" | "gone" | "unknown";

/** How long the system's programs may take. */
const askTimeoutMs = 5_000;

let own: Promise<ProcessIdentity> | undefined;

/** The identity of this process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= identify();
  return own;
}

/** Inspects a process by its identity. "running" and "gone" are certain. */
export async function inspectProcess({ boot, namespace, pid, start }: ProcessIdentity): Promise<ProcessLife> {
  const self = await ownIdentity();
  const isWithinSight = boot !== null && boot === self.boot && namespace !== null && namespace === self.namespace;
  if (!isWithinSight || start === null || pid < 1) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ESRCH") return "gone";
    if (code !== "EPERM") return "unknown"; // EPERM means a process of another user, which exists
  }
  if (pid === self.pid) return start === self.start ? "running" : "gone"; // our process has its number
  if (process.platform === "win32") return "unknown"; // a process has that number, but it may be another one
  const there = process.platform === "darwin" ? await macStart(pid) : await linuxStart(pid);
  if (there === null) return "unknown"; // it has just ended, or other users' processes are hidden
  return there === start ? "running" : "gone";
}

async function identify(): Promise<ProcessIdentity> {
  const { pid, platform } = process;
  if (platform === "linux") return { pid, ...(await linuxIdentity()) };
  if (platform === "darwin") {
    const boot = await answerOf("sysctl", "-n", "kern.bootsessionuuid");
    return { pid, boot, namespace: "all", start: await macStart(pid) };
  }
  // The machine's id, not the boot's, is enough to say that no process has a number. A container has its own host name.
  if (platform === "win32") return { pid, boot: await machineGuid(), namespace: hostname(), start: ownStart };
  return { pid, boot: null, namespace: null, start: null };
}

/** Only compared with itself: on Windows, Node cannot ask when another process started. */
const ownStart = String(Math.round(performance.timeOrigin));

/** The machine's GUID, which is made when Windows is installed. */
async function machineGuid(): Promise<string | null> {
  const text = await answerOf("reg", "query", "HKLM\\SOFTWARE\\Microsoft\\Cryptography", "/v", "MachineGuid");
  return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(text ?? "")?.[1] ?? null;
}

async function linuxIdentity(): Promise<Omit<ProcessIdentity, "pid">> {
  const boot = await textOf("/proc/sys/kernel/random/boot_id");
  // Processes of one machine may have different clocks, which their start times are measured by.
  const clock = await readlink("/proc/self/ns/time").catch(() => ""); // older kernels have only one
  const numbers = await readlink("/proc/self/ns/pid").catch(() => null);
  const namespace = numbers !== null && (await isOwnProc()) ? `${numbers} ${clock}`.trim() : null;
  return { boot, namespace, start: namespace === null ? null : await linuxStart(process.pid) };
}

/**
 * Whether /proc shows the process numbers of this process's own namespace: in a container it may be the host's. `NSpid`
 * lists a process's numbers from the namespace of /proc down to the process's own, so then there is exactly one.
 */
async function isOwnProc(): Promise<boolean> {
  const status = await textOf("/proc/self/status");
  return /^NSpid:\s*\d+$/m.test(status ?? "");
}

/** In ticks since boot; "ended" for a zombie. */
async function linuxStart(pid: number): Promise<string | null> {
  const stat = await textOf(`/proc/${pid}/stat`);
  // The fields after the program's name, which may itself contain spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" ? "ended" : (fields[19] ?? null);
}

/** To the second. That is enough, because a number is reused only after all others. */
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
