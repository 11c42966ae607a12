/** What a package, or the project itself, says it needs. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  /** `true` means all of `dependencies`. */
  readonly bundledDependencies?: readonly string[] | boolean;
  /** npm's other name for the same field. */
  readonly bundleDependencies?: readonly string[] | boolean;
}

/** An entry of package-lock.json. */
export interface Locked extends Manifest {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

/** A lockfile's entries, by the path where each is installed. */
export type Lockfile = Readonly<Record<string, Locked>>;

/** Names of all packages that a user installs with this one, from any field. */
export function neededBy(manifest: Manifest): string[] {
  const fields = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  const bundled = [manifest.bundledDependencies, manifest.bundleDependencies];
  return [...new Set([...fields.flatMap((field) => Object.keys(field ?? {})), ...bundled.flatMap(listed)])].sort();
}

function listed(field: readonly string[] | boolean | undefined): readonly string[] {
  return typeof field === "object" ? field : [];
}

/**
 * Every locked package that users get: those that the manifest needs, and those that these need. Dependencies are
 * resolved as Node.js does it; npm's own marks for development packages are not trusted.
 *
 * @throws {Error} When a needed package is not locked, unless npm may omit it
 */
export function lockedFor(manifest: Manifest, packages: Lockfile): ReadonlyMap<string, Locked> {
  const found = new Map<string, Locked>();
  const follow = (at: string, needing: Manifest): void => {
    for (const name of neededBy(needing)) {
      const path = placeOf(name, at, packages);
      if (path === undefined) {
        if (needing.dependencies?.[name] === undefined || needing.optionalDependencies?.[name] !== undefined) continue;
        throw new Error(`'${at}' needs '${name}', which is not locked`);
      }
      if (found.has(path)) continue;
      const locked = packages[path] ?? {};
      found.set(path, locked);
      follow(path, locked);
    }
  };
  follow("", manifest);
  return found;
}

/** Where a package finds another one: in its own node_modules, or in those of a parent folder. */
function placeOf(name: string, at: string, packages: Lockfile): string | undefined {
  for (let folder = at; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder}${folder === "" ? "" : "/"}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}
