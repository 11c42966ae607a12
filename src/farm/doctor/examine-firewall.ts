import { existsSync, readFileSync } from "node:fs";
import { askProgram, type ProgramAnswer } from "../../system/programs/ask-program.ts";
import type { Finding } from "./finding.ts";

/** The system's answers; tests give those of systems that they do not run on. */
export interface FirewallSystem {
  readonly platform: NodeJS.Platform;
  readonly ask: (program: string, args: readonly string[]) => Promise<Pick<ProgramAnswer, "stdout" | "failed">>;
}

const what = "Firewall";
const askTimeoutMs = 5_000;
const ruleName = "renderfarm";
const ports = "nodes need UDP 5353 and TCP 7447";

export function firewallHere(signal: AbortSignal): FirewallSystem {
  const ask: FirewallSystem["ask"] = (program, args) => askProgram(program, args, { timeoutMs: askTimeoutMs, signal });
  return { platform: process.platform, ask };
}

/**
 * Checks what can be known without being root: whether a firewall that blocks by default is on, and lets nodes through.
 */
export async function examineFirewall(system: FirewallSystem): Promise<Finding> {
  if (system.platform === "win32") return await onWindows(system);
  if (system.platform === "darwin") return await onMac(system);
  return system.platform === "linux"
    ? onLinux()
    : { what, state: "good", detail: `not checked on this system; ${ports}` };
}

/**
 * Windows' firewall blocks whatever no rule allows. netsh answers in the user's language, except for the rule's name.
 */
async function onWindows({ ask }: FirewallSystem): Promise<Finding> {
  const { stdout, failed } = await ask("netsh", ["advfirewall", "firewall", "show", "rule", `name=${ruleName}`]);
  if (!failed && stdout.includes(ruleName)) return { what, state: "good", detail: `it has the rule '${ruleName}'` };
  const rule = `netsh advfirewall firewall add rule name=${ruleName} dir=in action=allow profile=private`;
  return {
    ...{ what, state: "warning", detail: `Windows' firewall has no rule '${ruleName}'; ${ports}` },
    fix: `As an administrator: ${rule} protocol=TCP localport=7447, and once more with protocol=UDP localport=5353; then set the network to private`,
  };
}

async function onMac({ ask }: FirewallSystem): Promise<Finding> {
  const firewall = "/usr/libexec/ApplicationFirewall/socketfilterfw";
  const { stdout, failed } = await ask(firewall, ["--getglobalstate"]);
  const permission = "System Settings > Privacy & Security > Local Network: allow your terminal (macOS 15 and later)";
  if (failed || !/State = [12]/.test(stdout)) {
    const seen = failed ? "it cannot be checked here" : "it is off";
    return { what, state: "good", detail: `${seen}. If nodes are not found: ${permission}` };
  }
  const fix = `System Settings > Network > Firewall > Options: allow Blender and node; ${permission}`;
  return { what, state: "warning", detail: `macOS' firewall is on; ${ports}`, fix };
}

function onLinux(): Finding {
  const ufw = readOrEmpty("/etc/ufw/ufw.conf");
  if (/^ENABLED=yes/m.test(ufw)) {
    const rules = readOrEmpty("/etc/ufw/user.rules");
    if (rules.includes("5353") && rules.includes("7447"))
      return { what, state: "good", detail: "ufw lets nodes through" };
    const fix = "sudo ufw allow 5353/udp && sudo ufw allow 7447/tcp";
    return { what, state: "warning", detail: "ufw is on, and its rules do not seem to let nodes through", fix };
  }
  if (existsSync("/run/firewalld")) {
    const fix = "sudo firewall-cmd --permanent --add-service=mdns --add-port=7447/tcp && sudo firewall-cmd --reload";
    return { what, state: "warning", detail: "firewalld is on, and may block a node on this machine", fix };
  }
  return { what, state: "good", detail: "neither ufw nor firewalld is on" };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // missing, or not readable
  }
}
