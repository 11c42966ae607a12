#!/usr/bin/env node
import { readFileSync } from "node:fs";
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
import { areLastWordsTaken } from "./outputs.ts";
import { makeProgram } from "./program.ts";
import { wasInterrupted } from "./signals.ts";
import { tellError } from "./tell-error.ts";

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
