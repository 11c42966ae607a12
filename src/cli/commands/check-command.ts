import { dirname, resolve } from "node:path";
import {
  checkScene,
  FarmError,
  farmspecName,
  flagsOfEnvironment,
  foldersOf,
  layerFlags,
  loadKeys,
  parseRenderFlags,
  printableJson,
  readFarmspec,
  resolveSettings,
  type SceneCheck,
} from "../../index.ts";
import { err, out } from "../outputs.ts";
import { PlainLines } from "../reporters/plain-lines.ts";
import { markShown } from "../reporters/reporters.ts";
import { listenForInterrupts } from "../signals.ts";
import { wrappedFor } from "../wrap.ts";
import { checkText } from "./check-text.ts";

/**
 * `renderfarm check BLENDFILE`: does all that comes before the first frame, and shows what a render would send.
 *
 * @returns 0, if a render can begin
 * @throws {FarmError} Why a render would fail; what was found out is printed before
 */
export async function checkCommand(blend: string | undefined, options: Record<string, unknown>): Promise<number> {
  const { deep, ...renderFlags } = options;
  const typed = parseRenderFlags({ ...renderFlags, blend: blend ?? options.blend });
  const environment = flagsOfEnvironment(process.env);
  const farmspecPath = typed.farmspec ?? environment.farmspec;
  const writtenPath = resolve(farmspecPath ?? farmspecName);
  const farmspec = await readFarmspec(writtenPath, farmspecPath === undefined);
  const flags = layerFlags(typed, environment, farmspec);
  const folders = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: flags.keyFile, configFolder: folders.config });
  const place = { workingFolder: process.cwd(), farmspecFolder: dirname(writtenPath) };
  // A check makes no output, so its name does not matter.
  const settings = resolveSettings({ ...flags, output: "none.png" }, { ...place, folders, keys, farmspec });

  using interrupts = listenForInterrupts();
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  const progress = new PlainLines(
    (line) => err.write(wrappedFor(process.stderr, line)),
    performance.now.bind(performance),
  );
  let check: SceneCheck;
  try {
    check = await checkScene(settings, {
      ...{ signal, isDeep: deep === true },
      onEvent: (event) => {
        if (!flags.json && event.type === "node:uploading") progress.tell(event);
      },
    });
  } catch (error) {
    if (signal.aborted) return interrupts.exitCode ?? 130;
    throw error;
  }
  if (flags.json) out.write(`${printableJson(jsonOf(check))}\n`);
  else out.write(checkText(check, dirname(settings.blend), process.stdout.columns));
  if (check.error === null) return 0;
  if (flags.json) markShown(check.error);
  throw check.error;
}

function jsonOf({ error, ...check }: SceneCheck): object {
  const problem = error instanceof FarmError ? { code: error.code, message: error.message, hint: error.hint } : null;
  return { type: "check", ...check, error: problem };
}
