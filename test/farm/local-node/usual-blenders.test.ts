import { posix, win32 } from "node:path";
import { expect, test } from "vitest";
import { type BlenderPlaces, usualBlenders } from "../../../src/farm/local-node/usual-blenders.ts";

/** A system with these programs. */
function systemWith(platform: NodeJS.Platform, home: string, programs: readonly string[], env = {}): BlenderPlaces {
  const { sep } = platform === "win32" ? win32 : posix;
  const namesIn = (folder: string) => {
    const below = programs.filter((path) => path.startsWith(folder + sep));
    return [...new Set(below.map((path) => path.slice(folder.length + 1).split(sep)[0] ?? ""))];
  };
  return { platform, env, home, namesIn, isThere: (path) => programs.includes(path) };
}

test("on Windows every installed version is found, also future ones, the newest first", () => {
  const own = (version: string) => `D:\\Programs\\Blender Foundation\\Blender ${version}\\blender.exe`;
  const steam = "C:\\Program Files (x86)\\Steam\\steamapps\\common\\Blender\\blender.exe";
  const scoop = "C:\\Users\\ann\\scoop\\apps\\blender\\current\\blender.exe";
  const programs = [own("4.0"), own("3.6"), own("4.10"), own("4.9"), own("7.1"), steam, scoop];
  const found = usualBlenders(systemWith("win32", "C:\\Users\\ann", programs, { ProgramFiles: "D:\\Programs" }));
  expect(found).toEqual(["blender", ...["7.1", "4.10", "4.9", "4.0", "3.6"].map(own), steam, scoop]);
});

test("on macOS the machine's applications come before the user's", () => {
  const inside = "Contents/MacOS/Blender";
  const programs = [
    `/Applications/Blender 4.2.app/${inside}`,
    `/Applications/Blender.app/${inside}`,
    `/Users/ann/Applications/Blender 5.2.app/${inside}`,
    "/Applications/Blenderless.txt",
  ];
  expect(usualBlenders(systemWith("darwin", "/Users/ann", programs))).toEqual([
    ...["blender", programs[1], programs[0], programs[2]],
  ]);
});

test("on Linux unpacked versions are found as well as the snap", () => {
  const programs = [
    "/snap/bin/blender",
    "/opt/blender-4.5.1-linux-x64/blender",
    "/home/ann/blender-5.2.0-linux-x64/blender",
  ];
  expect(usualBlenders(systemWith("linux", "/home/ann", programs))).toEqual(["blender", ...programs]);
});

test("if nothing is installed only PATH is searched", () => {
  for (const platform of ["win32", "darwin", "linux"] as const) {
    expect(usualBlenders(systemWith(platform, platform === "win32" ? "C:\\Users\\ann" : "/home/ann", []))).toEqual([
      "blender",
    ]);
  }
});
