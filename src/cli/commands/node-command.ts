import { printable, runNode } from "../../index.ts";
import { err, out } from "../outputs.ts";
import { listenForInterrupts } from "../signals.ts";
import { warn } from "../tell-error.ts";

/**
 * `renderfarm node`: makes this machine a node until Ctrl-C.
 *
 * @param typed Everything after `node`. This command and the node both read `--blender FILE`; the rest is for the node
 */
export async function nodeCommand(typed: readonly string[]): Promise<number> {
  const at = typed.indexOf("--blender");
  const joined = typed.find((word) => word.startsWith("--blender="))?.slice("--blender=".length);
  using interrupts = listenForInterrupts();
  const status = await runNode({
    blender: at >= 0 ? typed[at + 1] : joined,
    nodeOptions: typed,
    onLine: (line, stream) => (stream === "stdout" ? out : err).writeLine(`${line}\n`),
    onRestart: (reason, waitMs) =>
      warn(`The node ended: ${printable(reason)}; starting it again in ${(waitMs / 1000).toFixed(1)} s`),
    signal: AbortSignal.any([interrupts.drain, interrupts.stop]),
  });
  return interrupts.exitCode ?? status;
}
