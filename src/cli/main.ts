#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { FarmError, ownCommand, printable, printableLines } from "../index.ts";
import { checkCommand } from "./commands/check-command.ts";
import { doctorCommand } from "./commands/doctor-command.ts";
import { encodeCommand } from "./commands/encode-command.ts";
import { farmspecCommand } from "./commands/farmspec-command.ts";
import { inviteCommand } from "./commands/invite-command.ts";
import { makeKeyCommand, setKeyCommand, showKeyCommand } from "./commands/key-command.ts";
import { nodeCommand } from "./commands/node-command.ts";
import { nodesCommand } from "./commands/nodes-command.ts";
import { renderCommand } from "./commands/render-command.ts";
import { reportCommand } from "./commands/report-command.ts";
import { areLastWordsTaken, err, out } from "./outputs.ts";
import { makeProgram } from "./program.ts";
import { PromptCancelledError } from "./prompts/questions.ts";
import { JsonLines } from "./reporters/json-lines.ts";
import { wasShown } from "./reporters/reporters.ts";
import { wasInterrupted } from "./signals.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// A closed pipe (`renderfarm … | head`) must not end the job.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const commands = {
  render: renderCommand,
  check: checkCommand,
  nodes: nodesCommand,
  node: nodeCommand,
  invite: inviteCommand,
  farmspec: farmspecCommand,
  showKey: showKeyCommand,
  makeKey: makeKeyCommand,
  setKey: setKeyCommand,
  doctor: doctorCommand,
  encode: encodeCommand,
  report: reportCommand,
};

try {
  await makeProgram(version, commands, (exitCode) => {
    process.exitCode = exitCode;
  }).parseAsync();
} catch (error) {
  process.exitCode = tellError(error);
}
// A stopped terminal may never take the rest. After a signal this program does not wait for that; otherwise it does.
if (wasInterrupted() && !(await areLastWordsTaken())) process.exit();

/** Prints an error, on stderr and with --json on stdout. @returns The exit code; the README lists them */
function tellError(error: unknown): number {
  if (error instanceof PromptCancelledError) return 130;
  const json = process.argv.includes("--json") ? new JsonLines((line) => out.write(line), Date.now) : undefined;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, "");
    json?.fail({ code: "FARM_BAD_INPUT", message, hint: `${ownCommand()} --help lists all flags` });
    return 2; // commander has already printed it on stderr
  }
  if (!(error instanceof FarmError)) {
    err.write("This is a bug in renderfarm; please report it with these lines:\n");
    err.write(`${printableLines(error instanceof Error ? (error.stack ?? "") : String(error))}\n`);
    json?.fail({ code: "BUG", message: String(error), hint: "Please report it" });
    return 1;
  }
  if (!wasShown(error)) json?.fail(error);
  err.write(`Error: ${printableLines(error.message)}\n  ${printable(error.hint)}\n`);
  return error.exitCode;
}
