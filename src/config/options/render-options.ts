import { resolve } from "node:path";
import { z } from "zod";
import type { FrameOrder } from "../../core/frame-range.ts";
import { parseBytes, parseDuration } from "../../core/units.ts";
import { asksForAllAddons, parseAddons } from "../addons.ts";
import { asGiven, asPath, isOn, option, text, whole, withDefault } from "./option.ts";

const version = z.string().regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/, "a version such as 3.4 or 3.4.1 is needed");

/** A text that others read. */
const label = z.string().trim().min(1, "a name is needed").max(100, "at most 100 characters are allowed");

/** What is rendered. */
export const sceneOptions = {
  /** Absolute path of the blendfile. */
  blend: option({
    ...{ group: "What to render", short: "b", takes: "<file>", schema: text },
    help: "the blendfile to render",
    readme: "the blendfile; it may also be given without the flag",
    setting: (value, folder) => resolve(folder, value ?? ""),
  }),
  /** Absolute path of the video, or of a pattern or folder of pictures. */
  output: option({
    ...{ group: "What to render", short: "o", takes: "<file>", schema: text },
    help: "a video (.mp4 .mkv .webm .mov .gif), or pictures (frame_####.png .exr .jpg .tif .webp, or a folder)",
    readme:
      "a video (`.mp4 .mkv .webm .mov .gif`), or pictures: `frame_####.png`, `.exr`, `.jpg`, `.tif`, `.webp`, or a folder. Pictures are numbered as Blender numbers them",
    // A slash at the end means a folder of pictures, whatever the name looks like.
    setting: (value = "", folder) => resolve(folder, value) + (/[/\\]$/.test(value) ? "/" : ""),
  }),
  /** What others read about the job, where it keeps a node busy; `undefined` is the blendfile's name. */
  name: option({
    ...{ group: "What to render", takes: "<name>", schema: label },
    help: "what the job is called, for people who wait for its nodes, and in reports (default: the blendfile's name)",
    readme:
      "what the job is called, on its nodes, for people who wait for them, and in reports. Default: the blendfile's name",
    setting: asGiven,
  }),
  /** Whose job it is, for others; `undefined` is the user's name. */
  owner: option({
    ...{ group: "What to render", takes: "<name>", schema: label },
    help: "whose job it is, in the same places (default: your user name)",
    readme: "whose job it is, in the same places. Default: your user name",
    setting: asGiven,
  }),
  /** Frame numbers as text, "1-24,30"; `undefined` takes the scene's own range and step. */
  frames: option({
    ...{ group: "What to render", short: "f", takes: "<list>", schema: z.string(), inFarmspec: true },
    help: 'frames, for example "1-24,30,40-60x2,-10--1" (default: the scene\'s range)',
    readme:
      '`"1-24,30,40-60x2,-10--1"`: ranges, single frames, every second frame, negative frames. Default: the scene\'s range and step',
    setting: asGiven,
  }),
  /** Scene by name; `undefined` takes the one the file was saved in. */
  scene: option({
    ...{ group: "What to render", short: "s", takes: "<name>", schema: text, inFarmspec: true },
    help: "scene to render (default: the one the file was saved in)",
    readme: "default: the scene in which the file was saved",
    setting: asGiven,
  }),
  /** Whether scripts in the blendfile may run, on nodes that allow it too. */
  allowScripts: option({
    ...{ group: "What to render", schema: z.boolean() },
    help: "let scripts in the blendfile run, on nodes that allow it too",
    readme: "let scripts in the blendfile run (drivers, rigs), on nodes that were started with `--allow-scripts` too",
    setting: isOn,
  }),
  /** Add-ons that the nodes have and that are enabled for the job, by the names of their modules. */
  addons: option({
    ...{ group: "What to render", takes: "<names>" },
    schema: z
      .string()
      .refine((given) => parseAddons(given) !== undefined, "names of add-ons such as a,b are needed")
      .refine(
        (given) => !asksForAllAddons(given),
        "name each add-on that the scene needs, as in a,b: only the owner of a node can say all, with --allow-addons",
      ),
    help: "enable these add-ons, a,b, on nodes that have and allow them",
    readme:
      "`a,b`: enable these add-ons of the nodes for the job, on nodes that were started with `--allow-addons`; no others take part. An extension is named `bl_ext.user_default.NAME`",
    setting: (given?: string): readonly string[] => (given === undefined ? [] : (parseAddons(given) ?? [])),
  }),
  /** Absolute paths of folders besides the blendfile's, whose files are sent to the nodes if the blendfile uses them. */
  assetRoot: option({
    ...{ group: "What to render", takes: "<folder>", schema: z.array(text), isRepeated: true, inFarmspec: true },
    help: "send files of this folder too, if the scene uses them; may be repeated (default: the blendfile's folder)",
    readme:
      "send files of this folder and its subfolders too, if the scene uses them. May be repeated. Default: only those of the blendfile's folder, or of the farmspec's if the blendfile is in it",
    setting: (folders = [], workingFolder): readonly string[] =>
      folders.map((folder) => resolve(workingFolder, folder)),
  }),
  /** How much space copies of the scene's files may take, in bytes. */
  keepBytes: option({
    ...{ group: "What to render", takes: "<size>" },
    schema: z.string().refine((given) => parseBytes(given) !== undefined, "a size such as 500MB or 20GB is needed"),
    help: "space for copies of the files that the scene uses, on file systems that cannot clone (default: 2GB)",
    readme:
      "space for copies of the files that the scene uses, so that you can go on saving them (default: `2GB`). On file systems that can clone files, copies take none",
    setting: (given = "2GB") => parseBytes(given) ?? 0,
  }),
  /** What to do with simulations that are not baked. */
  simulations: option({
    ...{
      group: "What to render",
      takes: "<what>",
      schema: z.enum(["bake", "sequential", "refuse", "ignore"]),
      inFarmspec: true,
    },
    help: "what to do with simulations that are not baked",
    readme:
      "what to do with simulations that are not baked: `bake` (default) bakes them once, on one node, into a copy of the blendfile that all nodes get, if three frames of it are as in the played scene, and plays them otherwise; `sequential` plays the scene up to each frame, in runs of frames that follow each other; `refuse` is an error that lists them; `ignore` renders what Blender shows when it jumps to a frame",
    setting: withDefault<"bake" | "sequential" | "refuse" | "ignore">("bake"),
  }),
  /** How long a bake may take, in milliseconds; `null`: as long as it takes, but a long one is asked for. */
  bakeLimit: option({
    ...{ group: "What to render", takes: "<duration>", inFarmspec: true },
    schema: z
      .string()
      .refine((given) => parseDuration(given) !== undefined, "a duration such as 90s, 30m or 1h30m is needed"),
    help: "play simulations if baking them takes longer than this (default: ask above 10 minutes)",
    readme:
      "play simulations if baking them takes longer than this. Without this flag, you are asked on a terminal once a bake is expected to take more than 10 minutes; elsewhere you are told, and it continues",
    setting: (given?: string): number | null => (given === undefined ? null : (parseDuration(given) ?? 0)),
  }),
  /** Of the time that frames take, what rendering some of them again may take: "auto" for long jobs, "all" for no limit. */
  checks: option({
    ...{ group: "What to render", takes: "<what>", inFarmspec: true },
    schema: z.string().regex(/^(auto|all|none|[1-9]\d?%)$/, "auto, all, none or a share such as 10% is needed"),
    help: "which frames are rendered a second time, by a new Blender, and compared (default: auto)",
    readme:
      "which frames are rendered a second time, by a new Blender on the same machine, and compared: `auto` (default) some of them in jobs of 200 frames and more, at most 3 % of the render time; `10%` at most that much in every job; `all`; `none`",
    setting: (given = "auto"): "auto" | "all" | "none" | number =>
      given === "auto" || given === "all" || given === "none" ? given : Number.parseInt(given, 10) / 100,
  }),
  /** What to do if the nodes do not have files that the scene uses. */
  missing: option({
    ...{ group: "What to render", takes: "<what>", schema: z.enum(["fail", "warn", "ask"]), inFarmspec: true },
    help: "what to do if files that the scene uses are missing",
    readme:
      "what to do if files that the scene uses are missing: `fail` (default), with a list of them, `warn`, or `ask` on a terminal",
    setting: withDefault<"fail" | "warn" | "ask">("fail"),
  }),
};

/** Where it is rendered. */
export const nodeOptions = {
  nodes: option({
    ...{ group: "Where to render", short: "n", takes: "<list>", schema: z.string(), environment: "RENDERFARM_NODES" },
    help: "host:port of each node, separated by commas; no other nodes take part",
    readme:
      "`host:port,host,wss://host,…`: these nodes and no others, open ones too. The default port is 7447; `wss://` requires TLS",
  }),
  /** Absolute path of a PEM file with the authorities for the nodes' certificates; `undefined` pins each node's own. */
  tlsCa: option({
    ...{ group: "Where to render", takes: "<file>", schema: text },
    help: "authorities that sign the nodes' certificates (default: each node's own is remembered)",
    readme:
      "authorities that sign the nodes' certificates. Default: each node's own certificate is remembered once it has proved the key",
    setting: asPath,
  }),
  farmspec: option({
    ...{ group: "Where to render", takes: "<file>", schema: text, environment: "RENDERFARM_FARMSPEC" },
    help: "the file that lists the nodes (default: farmspec.json, if it exists)",
    readme: "the file that lists the nodes. Default: `farmspec.json` in the working folder, if it exists",
  }),
  saveFarmspec: option({
    ...{ group: "Where to render", isNegated: true, schema: z.boolean() },
    help: "do not write a farmspec.json of the nodes that were found",
    readme: "do not write a `farmspec.json` of the nodes that were found",
  }),
  /** Render on this machine alone. */
  local: option({
    ...{ group: "Where to render", short: "l", schema: z.boolean() },
    help: "render on this machine alone",
    setting: isOn,
  }),
  /** Whether this machine takes no part beside other nodes. */
  notHere: option({
    ...{ group: "Where to render", schema: z.boolean(), inFarmspec: true },
    help: "do not render on this machine too, beside other nodes",
    readme:
      "do not render on this machine too. Default: it joins the nodes that were found, at low priority, if it has a Blender of the job's version and is not on battery; not if only named nodes may take part",
    setting: isOn,
  }),
  /** Slots of the node on this machine, if one is started. */
  slots: option({
    ...{ group: "Where to render", takes: "<number>", schema: whole(1, 256) },
    ...{ inFarmspec: true, environment: "RENDERFARM_SLOTS" },
    help: "Blenders at once on this machine, when it renders (default: 1)",
    readme: "Blenders at once on this machine, when it renders. Default: 1",
    setting: withDefault<number>(1),
  }),
  /** Blender for a node on this machine; `undefined` uses BLENDER, then PATH. */
  blender: option({
    ...{ group: "Where to render", takes: "<file>", schema: text },
    help: "the Blender of this machine (default: $BLENDER, then PATH)",
    readme: "the Blender of this machine. Default: `$BLENDER`, then PATH",
    setting: asGiven,
  }),
  /** Blender version to render with, "3.4" or "3.4.1"; `undefined` takes that of most nodes. */
  blenderVersion: option({
    ...{ group: "Where to render", takes: "<version>", schema: version, inFarmspec: true },
    help: "render with this version, 3.4 or 3.4.1 (default: that of most nodes)",
    readme:
      "render with this version, `3.4` or `3.4.1`. Default: that of most nodes. Different versions give different pixels, so a job uses one",
    setting: asGiven,
  }),
  /** Whether nodes with different Blenders may take part. */
  mixVersions: option({
    ...{ group: "Where to render", schema: z.boolean(), inFarmspec: true },
    help: "let nodes with different Blenders take part: their pixels differ",
    readme: "let nodes with other versions take part anyway",
    setting: isOn,
  }),
  /** Whether this machine may fall asleep while the job runs. */
  allowSleep: option({
    ...{ group: "Where to render", schema: z.boolean() },
    help: "let this machine sleep while the job runs (default: it is kept awake)",
    readme: "let this machine sleep while the job runs. Default: it is kept awake, as far as the system allows",
    setting: isOn,
  }),
  wait: option({
    ...{ group: "Where to render", takes: "<duration>" },
    schema: z
      .string()
      .refine((given) => parseDuration(given) !== undefined, "a duration such as 90s, 30m or 1h30m is needed"),
    help: "give up if there is no node for this long, 90s, 30m or 1h30m (default: never)",
    readme: "give up if there is no node for this long: `90s`, `30m`, `1h30m`. Default: never",
  }),
  /** Order in which frames are given out. */
  order: option({
    ...{ group: "Where to render", takes: "<order>", schema: z.enum(["sequential", "reverse", "spread"]) },
    inFarmspec: true,
    help: "order in which frames are given out",
    readme:
      "`sequential` (default: lowest queued first), `reverse`, or `spread` (first, last, middle, then ever finer)",
    setting: withDefault<FrameOrder>("sequential"),
  }),
  keyFile: option({
    ...{ group: "Where to render", short: "k", takes: "<file>", schema: text },
    help: "file with the farm key (default: $RENDERFARM_KEY, then the config folder)",
    readme: "file with the farm key",
  }),
};
