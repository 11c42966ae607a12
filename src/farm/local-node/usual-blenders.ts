import { existsSync, readdirSync } from "node:fs";
import { posix, win32 } from "node:path";

/** What a system says about its folders; tests give the answers of systems that they do not run on. */
export interface BlenderPlaces {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Names in a folder, in any order; none if it cannot be read. */
  readonly namesIn: (folder: string) => readonly string[];
  /** Whether the path exists. */
  readonly isThere: (path: string) => boolean;
}

/**
 * Where Blender may be if nobody named one: on PATH, then where installers, stores and package managers put it, newest
 * version first. Folders are listed, not guessed, since new versions appear.
 *
 * @returns Programs that exist, and "blender" itself, which the system looks up
 */
export function usualBlenders(places: BlenderPlaces): string[] {
  const { platform, isThere } = places;
  const others = platform === "win32" ? onWindows(places) : platform === "darwin" ? onMac(places) : onLinux(places);
  return ["blender", ...others.filter(isThere)];
}

/** The places of this machine. */
export function placesHere(home: string): BlenderPlaces {
  return { platform: process.platform, env: process.env, home, namesIn, isThere: existsSync };
}

function onWindows({ env, home, namesIn }: BlenderPlaces): string[] {
  const programFolders = [
    env.ProgramFiles ?? "C:\\Program Files",
    env["ProgramFiles(x86)"] ?? "C:\\Program Files (x86)",
  ];
  const installed = programFolders.flatMap((folder) => {
    const own = win32.join(folder, "Blender Foundation"); // "Blender 4.5" and the like
    return newestFirst(namesIn(own)).map((name) => win32.join(own, name, "blender.exe"));
  });
  const local = env.LOCALAPPDATA ?? win32.join(home, "AppData\\Local");
  return [
    ...installed,
    ...programFolders.map((folder) => win32.join(folder, "Steam\\steamapps\\common\\Blender\\blender.exe")),
    win32.join(env.SCOOP ?? win32.join(home, "scoop"), "apps\\blender\\current\\blender.exe"),
    win32.join(local, "Microsoft\\WindowsApps\\blender.exe"), // the Store's
  ];
}

function onMac({ home, namesIn }: BlenderPlaces): string[] {
  const apps = ["/Applications", posix.join(home, "Applications")].flatMap((folder) =>
    newestFirst(namesIn(folder).filter((name) => /^Blender.*\.app$/i.test(name))).map((name) =>
      posix.join(folder, name),
    ),
  );
  const steam = posix.join(home, "Library/Application Support/Steam/steamapps/common/Blender/Blender.app");
  return [...apps, steam].map((app) => posix.join(app, "Contents/MacOS/Blender"));
}

function onLinux({ home, namesIn }: BlenderPlaces): string[] {
  const unpacked = ["/opt", posix.join(home, "blender"), home].flatMap((folder) =>
    newestFirst(namesIn(folder).filter((name) => /^blender/i.test(name))).map((name) =>
      posix.join(folder, name, "blender"),
    ),
  );
  return ["/snap/bin/blender", ...unpacked, posix.join(home, ".steam/steam/steamapps/common/Blender/blender")];
}

/** "Blender 4.10" before "Blender 4.9"; one without a version is its owner's only one, and comes first. */
function newestFirst(names: readonly string[]): string[] {
  const hasVersion = (name: string) => /\d/.test(name);
  return [...names].sort(
    (a, b) => Number(hasVersion(a)) - Number(hasVersion(b)) || b.localeCompare(a, "en", { numeric: true }),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // missing, or not readable
  }
}
