/** What a package, or the project itself, says that it needs. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  /** `true` is all of `dependencies`. */
  readonly bundledDependencies?: readonly string[] | boolean;
  /** npm's other word for the same. */
  readonly bundleDependencies?: readonly string[] | boolean;
}

/** An entry of package-lock.json. */
export interface Locked extends Manifest {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

/** A lockfile's entries, by the path at which each is installed. */
export type Lockfile = Readonly<Record<string, Locked>>;

/** Names of all packages that come with this one when a user installs it, in whichever field they stand. */
export function neededBy(manifest: Manifest): string[] {
  const fields = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  const bundled = [manifest.bundledDependencies, manifest.bundleDependencies];
  return [...new Set([...fields.flatMap((field) => Object.keys(field ?? {})), ...bundled.flatMap(listed)])].sort();
}

function listed(field: readonly string[] | boolean | undefined): readonly string[] {
  return typeof field === "object" ? field : [];
}

/**
 * Every locked package that users get: those that the manifest needs, and those that these need. Who needs whom is looked
 * up as Node.js does; the marks by which npm tells development packages apart are not trusted.
 *
 * @throws {Error} When one is needed and not locked, unless it is one that npm may leave out
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

/** Where a package finds another one: in its own node_modules, or in those of a folder above. */
function placeOf(name: string, at: string, packages: Lockfile): string | undefined {
  for (let folder = at; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder}${folder === "" ? "" : "/"}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}
