/** Whether a test must be skipped; the reason is printed, so that no test is skipped silently. */
export function skipBecause(problem: string | undefined): boolean {
  if (problem !== undefined) console.warn(`Skipped: ${problem}`);
  return problem !== undefined;
}
