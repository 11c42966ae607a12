import { flagsOfEnvironment, namedJobFolder, printableJson, reportOf } from "../../index.ts";
import { reportText } from "./report-text.ts";

/** Much longer lines are hard to read. */
const mostColumns = 120;

/** `renderfarm report FOLDER`: reports on the job of a job folder, which may be named by its output. */
export async function reportCommand(folder: string, options: { readonly json?: boolean }): Promise<number> {
  const report = await reportOf(await namedJobFolder(folder, flagsOfEnvironment(process.env).jobDir));
  const { stdout } = process;
  const columns = stdout.isTTY && stdout.columns > 0 ? Math.min(stdout.columns, mostColumns) : undefined;
  stdout.write(options.json ? `${printableJson(report)}\n` : reportText(report, columns));
  return 0;
}
