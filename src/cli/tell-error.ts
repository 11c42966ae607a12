import { CommanderError } from "commander";
import { FarmError, ownCommand, printable, printableLines } from "../index.ts";
import { commandAfter } from "./continue-command.ts";
import { err, out } from "./outputs.ts";
import { PromptCancelledError } from "./prompts/questions.ts";
import { JsonLines } from "./reporters/json-lines.ts";
import { wasShown } from "./reporters/reporters.ts";
import { wrappedFor } from "./wrap.ts";

/** Prints an error, on stderr and with --json on stdout. @returns The exit code; the README lists them */
export function tellError(error: unknown): number {
  if (error instanceof PromptCancelledError) return 130;
  const json = process.argv.includes("--json") ? new JsonLines((line) => out.write(line), Date.now) : undefined;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, "");
    json?.fail({ code: "FARM_BAD_INPUT", message, hint: `${ownCommand()} --help lists all flags` });
    return 2; // commander has already printed it on stderr
  }
  if (!(error instanceof FarmError)) {
    warn("This is a bug in renderfarm; please report it with these lines:");
    err.write(`${printableLines(error instanceof Error ? (error.stack ?? "") : String(error))}\n`);
    json?.fail({ code: "BUG", message: String(error), hint: "Please report it" });
    return 1;
  }
  if (!wasShown(error)) json?.fail(error);
  warn(`Error: ${printableLines(error.message)}\n  ${printable(error.hint)}`);
  const again = commandAfter(error);
  // Never wrapped: it is to be copied.
  if (again !== undefined) err.write(`  ${printable(again)}\n`);
  return error.exitCode;
}

/** Writes lines for a person on stderr, wrapped if that is a terminal. */
export function warn(text: string): void {
  err.write(`${wrappedFor(process.stderr, text)}\n`);
}
