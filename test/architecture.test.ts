import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));

/** One `import … from "to"` (or export, or dynamic import) in a file; both paths relative to src/. */
interface Import {
  readonly file: string;
  readonly room: string;
  readonly to: string;
}

/** npm packages that more than one room may use. Every other package is used in one room, where it can be replaced. */
const sharedPackages: Readonly<Record<string, readonly string[]>> = {
  zod: ["config", "session", "pairing"],
  ws: ["session", "pairing"],
};

/** Packages that only one file of their room may import. */
const soleUsers: Readonly<Record<string, RegExp>> = {
  "bonjour-service": /^discovery\/bonjour\.ts$/,
  ws: /^(session\/websocket-link|pairing\/websocket)\.ts$/,
  "fluent-ffmpeg": /^encode\/ffmpeg\/[\w-]+\.ts$/,
};

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".ts"));
const imports = files.flatMap(importsOf);
const inside = imports.filter(({ to }) => to.startsWith("."));
const outside = imports.filter(({ to }) => !to.startsWith(".") && !isBuiltin(to));

test("rooms import core and system but not each other; only farm joins them; cli uses index.ts and core", () => {
  const wrong = inside.filter(({ file, room, to }) => {
    const target = pathOf({ file, to });
    const targetRoom = roomOf(target);
    if (room === targetRoom || room === "index.ts") return false;
    if (room === "cli") return target !== "index.ts" && targetRoom !== "core";
    if (room === "farm") return targetRoom === "cli" || targetRoom === "index.ts";
    if (room === "core") return true;
    return targetRoom !== "core" && (room === "system" || targetRoom !== "system");
  });
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test("the scheduler imports no Node module and no package", () => {
  const wrong = imports.filter(({ room, to }) => room === "scheduler" && !to.startsWith("."));
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test("core is pure: it imports no package, and only hashes, timers and URLs from Node.js", () => {
  const allowed = new Set(["node:crypto", "node:timers/promises", "node:url"]);
  const wrong = imports.filter(({ room, to }) => room === "core" && !to.startsWith(".") && !allowed.has(to));
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test("each npm package is used in one room, so that it can be replaced there", () => {
  const rooms = new Map<string, Set<string>>();
  for (const { room, to } of outside) rooms.set(packageOf(to), (rooms.get(packageOf(to)) ?? new Set()).add(room));
  const spread = [...rooms].filter(([name, users]) =>
    name in sharedPackages ? [...users].some((room) => !sharedPackages[name]?.includes(room)) : users.size > 1,
  );
  expect(spread.map(([name, users]) => `${name} is used in ${[...users].join(", ")}`)).toEqual([]);
});

test("bonjour-service, ws and fluent-ffmpeg are each imported by their own files only", () => {
  for (const [name, allowed] of Object.entries(soleUsers)) {
    const users = new Set(outside.filter(({ to }) => packageOf(to) === name).map(({ file }) => file));
    expect([...users].filter((file) => !allowed.test(file))).toEqual([]);
    if (name === "fluent-ffmpeg") expect([...users].length).toBeLessThanOrEqual(1);
  }
});

test("files are renamed, removed and opened for writing only by code that waits for programs that hold them open", () => {
  const names = /\b(?:rename|rm|rmdir|unlink|copyFile|truncate|cp|open)\b/;
  const users = files.filter((file) => {
    const text = readFileSync(resolve(source, file), "utf8");
    return [...text.matchAll(/import \{([^}]*)\} from "node:fs(?:\/promises)?"/g)].some(([, list]) =>
      names.test(list ?? ""),
    );
  });
  // Durable.ts opens folders only to read them. Whether a lock can be replaced shows whether its holder is alive.
  expect(users).toEqual(["system/files/held-files.ts", "system/files/durable.ts", "frames/lock/lock-file.ts"].sort());
});

test("in farm/, imports between the folders go one way", () => {
  const below: Readonly<Record<string, readonly string[]>> = {
    nodes: [],
    output: [],
    report: [],
    pairing: ["nodes"],
    "local-node": ["nodes"],
    doctor: ["local-node", "nodes"],
    job: ["nodes", "output", "report"],
  };
  /** Types that all folders share. */
  const shared = /^farm\/(events|worker|stay-awake)\.ts$/;
  const folderOf = (path: string) => /^farm\/([^/]+)\//.exec(path)?.[1];
  const wrong = inside.filter(({ file, to }) => {
    const target = pathOf({ file, to });
    const [from, into] = [folderOf(file), folderOf(target)];
    if (from === undefined || !target.startsWith("farm/") || from === into || shared.test(target)) return false;
    return into === undefined || !below[from]?.includes(into);
  });
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  expect(new Set(files.flatMap((file) => folderOf(file) ?? []))).toEqual(new Set(Object.keys(below)));
});

test("no file has more than 250 lines, and no folder more than 20 files", () => {
  const lines = (file: string) => readFileSync(resolve(source, file), "utf8").split("\n").length - 1;
  expect(files.map((file) => ({ file, lines: lines(file) })).filter((each) => each.lines > 250)).toEqual([]);
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  expect([...sizes].filter(([, size]) => size > 20)).toEqual([]);
});

function importsOf(file: string): Import[] {
  const text = readFileSync(resolve(source, file), "utf8");
  const found = text.matchAll(
    /^(?:import|export)\b[^"';]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...found].map((match) => ({ file, room: roomOf(file), to: match[1] ?? match[2] ?? match[3] ?? "" }));
}

function pathOf({ file, to }: { file: string; to: string }): string {
  return relative(source, resolve(source, dirname(file), to))
    .split(sep)
    .join("/");
}

/** The first folder, or the file itself if it is directly in src/. */
function roomOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}
