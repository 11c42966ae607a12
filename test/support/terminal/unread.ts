import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const terminalScript = fileURLToPath(new URL("unread_terminal.py", import.meta.url));

/** A program whose output nobody reads until the test does. */
export interface UnreadProgram {
  readonly pid: number;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly hasEnded: boolean;
  /** Reads its output so far and to come, to the end. */
  read(): Promise<string>;
}

export interface UnreadStart {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** An empty folder of the test. */
  readonly folder: string;
}

/** Where a program's output goes; the tests are the same for both. */
export const unreadOutputs = { "a pipe": startOnPipe, "a terminal": startOnTerminal } as const;

/** Starts a program whose standard output and error are the same full pipe. */
export async function startOnPipe(start: UnreadStart): Promise<UnreadProgram> {
  const path = join(start.folder, "pipe");
  execFileSync("mkfifo", [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  fill(path);
  const writeEnd = openSync(path, constants.O_WRONLY);
  const child = spawned(start.command, start, ["ignore", writeEnd, writeEnd]);
  closeSync(writeEnd);
  return programOf(child, child.pid ?? 0, async () => {
    let said = "";
    const reader = new Socket({ fd: readEnd, readable: true, writable: false }).setEncoding("utf8");
    reader.on("data", (text) => {
      said += text;
    });
    await once(reader, "close");
    return said.replaceAll(filling, "");
  });
}

/** Starts a program on a full terminal of 100×30. */
async function startOnTerminal(start: UnreadStart): Promise<UnreadProgram> {
  const file = join(start.folder, "said");
  const child = spawned(["python3", "-B", terminalScript, file, ...start.command], start, ["pipe", "pipe", "inherit"]);
  const [pid] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return programOf(child, Number(pid), async () => {
    child.stdin?.write("\n");
    await once(child, "close");
    return readFileSync(file, "utf8").replaceAll(filling, "");
  });
}

/** The bytes that filled a pipe or a terminal before: not the output of a program. */
const filling = "\u0001";

function fill(path: string): void {
  const end = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(end, filling.repeat(1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  } finally {
    closeSync(end);
  }
}

function spawned(
  [command = "", ...words]: readonly string[],
  { cwd, env }: UnreadStart,
  stdio: ("ignore" | "pipe" | "inherit" | number)[],
): ChildProcess {
  return spawn(command, words, { cwd, env, stdio });
}

function programOf(child: ChildProcess, pid: number, read: () => Promise<string>): UnreadProgram {
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return {
    ...{ pid, ended, read },
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
  };
}
