import { examine, FarmError, type Finding, foldersOf, keyFileOf, loadKeys, printableLines } from "../../index.ts";
import { JsonLines } from "../reporters/json-lines.ts";
import { listenForInterrupts } from "../signals.ts";

const signs: Record<Finding["state"], string> = { good: "ok     ", warning: "warning", problem: "PROBLEM" };

/** `renderfarm doctor`: finds problems and suggests fixes. @returns 0, or 3 if rendering will fail */
export async function doctorCommand(options: {
  readonly json?: boolean;
  readonly ffmpeg?: string;
  readonly blender?: string;
  readonly keyFile?: string;
}): Promise<number> {
  const folders = foldersOf(process.env);
  const sources = { environment: process.env, keyFile: options.keyFile, configFolder: folders.config };
  const keys = await loadKeys(sources).catch((error: unknown) => {
    if (error instanceof FarmError) return error; // it becomes a finding
    throw error;
  });
  using interrupts = listenForInterrupts();
  const lines = new JsonLines((line) => process.stdout.write(line), Date.now);
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  let problems = 0;
  try {
    for await (const finding of examine({
      ffmpeg: options.ffmpeg,
      blender: options.blender,
      keys,
      keyFile: keyFileOf(folders.config),
      workingFolder: process.cwd(),
      configFolder: folders.config,
      cacheFolder: folders.cache,
      signal,
    })) {
      if (signal.aborted) break; // errors that follow from the abort are not findings
      if (finding.state === "problem") problems += 1;
      if (options.json) lines.tell({ type: "finding" }, finding);
      else process.stdout.write(findingText(finding));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) return interrupts.exitCode ?? 130;
  return problems > 0 ? 3 : 0;
}

/** A finding as text for people. Parts of it come from files, programs and nodes, so it is made printable. */
export function findingText({ state, what, detail, fix }: Finding): string {
  const found = `${signs[state]}  ${what}: ${printableLines(detail)}\n`;
  return fix === undefined ? found : `${found}         -> ${printableLines(fix)}\n`;
}
