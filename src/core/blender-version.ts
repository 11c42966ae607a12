/** Compares versions such as "3.4.1" and "3.10" part by part; a missing part is 0. @returns Below 0 if `a` is older */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a version matches the wanted one: "3.4.1" matches "3.4", and "3.40" does not. */
export function isVersion(version: string, wanted: string): boolean {
  const parts = partsOf(version);
  return partsOf(wanted).every((part, index) => part === parts[index]);
}

/** "3.4" for "3.4.1": the part that a blendfile records about the Blender that saved it. */
export function majorMinor(version: string): string {
  return partsOf(version).slice(0, 2).join(".");
}

function partsOf(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10));
}
