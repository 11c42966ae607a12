/** Whether a test must be skipped; the reason is printed, so that nothing is left out silently. */
export function skipBecause(problem: string | undefined): boolean {
  if (problem !== undefined) console.warn(`Skipped: ${problem}`);
  return problem !== undefined;
}
