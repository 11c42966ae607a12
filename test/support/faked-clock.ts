import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** libfaketime for programs with threads, where Debian's package `faketime` and others put it; undefined without it. */
const library = ["/usr/lib", "/usr/lib64", ...multiarchFolders("/usr/lib")]
  .map((folder) => join(folder, "faketime/libfaketimeMT.so.1"))
  .find((file) => existsSync(file));

/** Why the clock cannot be set for single programs here; undefined when it can. */
export const fakedClockProblem: string | undefined =
  library === undefined ? "there is no libfaketime (Debian's package faketime)" : undefined;

/** The wall clock of the programs started with it; the monotonic clock is not changed. */
export class FakedClock {
  readonly #file: string;

  /** @param file Where its state is kept */
  constructor(file: string) {
    this.#file = file;
    this.jump("+0");
  }

  /** Words to put before a program. */
  get words(): string[] {
    const settings = ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"];
    return ["env", `LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${this.#file}`, ...settings];
  }

  /** Sets it for running programs. @param offset From the true time, such as `+365d` or `-1d` */
  jump(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }
}

/**
 * Words to put before a program for which all time passes faster, so that waits of minutes end in seconds. It still
 * does the same work: a slow machine seems even slower.
 */
export function hurried(times: number): string[] {
  return ["env", `LD_PRELOAD=${library}`, `FAKETIME=+0 x${times}`];
}

function multiarchFolders(parent: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync(parent)
    .filter((name) => name.includes("-linux-"))
    .map((name) => join(parent, name));
}
