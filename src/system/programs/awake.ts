import { existsSync } from "node:fs";
import { endsWithin } from "../../core/time-limit.ts";
import { startProgram } from "./start-program.ts";

/** What keeps a machine awake, where that is possible. */
interface Connector {
  readonly program: string;
  readonly args: readonly string[];
}

export interface AwakeOptions {
  /** Told once that the machine is kept awake. */
  readonly onAwake: () => void;
  /** Told once, in the system's words, that it may fall asleep although it has the means not to. */
  readonly onRefused: (why: string) => void;
  readonly platform?: NodeJS.Platform;
  /** Whether systemd runs this machine; where it does not, as in a container, there is nobody to ask. */
  readonly hasSystemd?: boolean;
}

/** A program that is refused says so at once; one that still runs then keeps the machine awake. */
const refusedWithinMs = 3_000;
const endWithinMs = 2_000;

/**
 * Keeps this machine from falling asleep until it is disposed of: a night's job ends at the first nap. The screen may go
 * dark. It costs a small program of the system, which ends with this one, however this one ends. Nothing waits for it, and
 * nothing fails by it.
 */
export function keepAwake(options: AwakeOptions): AsyncDisposable {
  const { platform = process.platform, hasSystemd = existsSync("/run/systemd/system") } = options;
  const connector = connectorOn(platform, hasSystemd);
  const started = connector === undefined ? undefined : start(connector);
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

function connectorOn(platform: NodeJS.Platform, hasSystemd: boolean): Connector | undefined {
  if (platform === "darwin") return { program: "caffeinate", args: ["-i", "-s", "-w", String(process.pid)] };
  if (platform === "win32") return { program: "powershell", args: powershellArguments() };
  if (platform !== "linux" || !hasSystemd) return undefined;
  const why = ["--who=renderfarm", "--why=A render is running", "--what=sleep:idle", "--mode=block"];
  return { program: "systemd-inhibit", args: [...why, "cat"] }; // cat ends when our end of its input is gone
}

/** It asks Windows, and waits until our end of its input is gone; with it goes what it asked for. */
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

function start({ program, args }: Connector) {
  try {
    return startProgram(program, args, { stdin: "pipe", stdout: "ignore", stderr: "pipe", reject: false } as const);
  } catch {
    return undefined; // no file descriptor is left: the job has other worries
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
