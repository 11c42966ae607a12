import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A clock on the wall that can be set for single programs, by libfaketime; spans of time are measured as ever. */
export class WallClock {
  /** @param {string} file where its state is kept */
  constructor(file) {
    this.file = file;
    this.jump("+0");
  }

  /** Words to stand before a program whose clock it is. */
  get words() {
    const settings = ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"];
    const preload = ["env", `LD_PRELOAD=${library()}`, `FAKETIME_TIMESTAMP_FILE=${this.file}`, ...settings];
    // A killed program leaves its memory of the library behind: in a /dev/shm of its own nobody finds it.
    return ["sh", "-c", 'mount -t tmpfs renderfarm-chaos /dev/shm && exec "$@"', "sh", ...preload];
  }

  /** @param {string} offset from the true time, as `+365d` or `-2h` */
  jump(offset) {
    writeFileSync(this.file, `${offset}\n`);
  }

  static get isThere() {
    return library() !== undefined;
  }
}

/** As Debian's package `faketime` and others place it. @returns {string | undefined} */
function library() {
  const folders = ["/usr/lib", "/usr/lib64"].filter((folder) => existsSync(folder));
  const multiarch = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes("-linux-"))
      .map((name) => join(folder, name)),
  );
  return [...folders, ...multiarch]
    .map((folder) => join(folder, "faketime/libfaketimeMT.so.1"))
    .find((file) => existsSync(file));
}
