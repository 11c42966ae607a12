import { existsSync } from "node:fs";
import { endsWithin } from "../../core/time-limit.ts";
import { startProgram } from "./start-program.ts";

/** The program of the system that keeps a machine awake. */
interface Inhibitor {
  readonly program: string;
  readonly args: readonly string[];
}

export interface AwakeOptions {
  /** Called once when the machine is kept awake. */
  readonly onAwake: () => void;
  /** Called once with the system's message if the machine could be kept awake, but that was refused. */
  readonly onRefused: (why: string) => void;
  readonly platform?: NodeJS.Platform;
  /** Whether systemd runs this machine. Without it, as in a container, nothing can be asked. */
  readonly hasSystemd?: boolean;
}

/** A refused program ends at once. If it still runs after this time, it keeps the machine awake. */
const refusedWithinMs = 3_000;
const endWithinMs = 2_000;

/**
 * Keeps this machine awake until it is disposed of, because a job over night would stop when the machine sleeps. The
 * screen may go dark. It runs a small program of the system, which exits with this one in any case. Nothing waits for
 * it, and its failure has no effect.
 */
export function keepAwake(options: AwakeOptions): AsyncDisposable {
  const { platform = process.platform, hasSystemd = existsSync("/run/systemd/system") } = options;
  const inhibitor = inhibitorOn(platform, hasSystemd);
  const started = inhibitor === undefined ? undefined : start(inhibitor);
  if (started === undefined) return { [Symbol.asyncDispose]: async () => {} };
  const watching = watch(started, options);
  return {
    async [Symbol.asyncDispose]() {
      started.stdin?.destroy();
      started.kill("SIGTERM");
      if (!(await endsWithin(watching, endWithinMs))) started.kill("SIGKILL");
    },
  };
}

function inhibitorOn(platform: NodeJS.Platform, hasSystemd: boolean): Inhibitor | undefined {
  if (platform === "darwin") return { program: "caffeinate", args: ["-i", "-s", "-w", String(process.pid)] };
  if (platform === "win32") return { program: "powershell", args: powershellArguments() };
  if (platform !== "linux" || !hasSystemd) return undefined;
  const why = ["--who=renderfarm", "--why=A render is running", "--what=sleep:idle", "--mode=block"];
  return { program: "systemd-inhibit", args: [...why, "cat"] }; // cat ends when our end of its stdin is closed
}

/** Asks Windows to stay awake, and waits until our end of its stdin is closed. The request ends with the program. */
function powershellArguments(): string[] {
  const [continuous, systemRequired] = [0x80000000, 0x1];
  const script = [
    "$ErrorActionPreference = 'Stop'",
    `$m = '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint flags);'`,
    "$p = Add-Type -MemberDefinition $m -Name Power -Namespace Renderfarm -PassThru",
    `if ($p::SetThreadExecutionState([uint32]${continuous + systemRequired}) -eq 0) { throw 'Windows refused' }`,
    "[void][Console]::In.ReadToEnd()",
  ].join("\n");
  const encoded = Buffer.from(script, "utf16le").toString("base64");
  return ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded];
}

function start({ program, args }: Inhibitor) {
  try {
    return startProgram(program, args, { stdin: "pipe", stdout: "ignore", stderr: "pipe", reject: false } as const);
  } catch {
    return undefined; // no file descriptor is left, which the job will report
  }
}

/** Resolves when the program has ended. */
async function watch(
  program: NonNullable<ReturnType<typeof start>>,
  { onAwake, onRefused }: AwakeOptions,
): Promise<void> {
  program.stdin?.on("error", () => {}); // it may end before we do
  if (!(await endsWithin(program, refusedWithinMs))) onAwake();
  const { failed, isTerminated, stderr, shortMessage, code } = await program;
  if (failed && !isTerminated && code !== "ENOENT") onRefused(String(stderr).trim() || (shortMessage ?? ""));
}
