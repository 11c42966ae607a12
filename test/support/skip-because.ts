/** Says once per test file why its tests are skipped; to be given to `describe.skipIf`. */
export function skipBecause(problem: string | undefined): boolean {
  if (problem !== undefined) console.warn(`Skipped: ${problem}`);
  return problem !== undefined;
}
