import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { skipBecause } from "../support/lab/lab.ts";
import { NetworkLab, networkLabProblem } from "../support/lab/network-lab.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";

const announcer = fileURLToPath(new URL("../support/announce.mjs", import.meta.url));

describe.skipIf(skipBecause(networkLabProblem))("on a network where one host announces thousands of nodes", () => {
  test("only a few of them are listed, and the real node is", async () => {
    const honest = "ab".repeat(16);
    await using network = await NetworkLab.open("desk", "flooder", "attic");
    await using lab = await TerminalLab.open();
    lab.on = network.on("desk");
    const announce = async (host: string, what: string) => {
      const [command = "", ...words] = [
        ...network.on(host),
        process.execPath,
        announcer,
        network.addressOf(host),
        what,
      ];
      const program = execa(command, words, { reject: false });
      await once(program.stdout, "data");
      const end = async () => {
        program.kill("SIGKILL");
        await program;
      };
      return { [Symbol.asyncDispose]: end };
    };
    // The flooder is heard first, 2,000 times a second.
    await using _flood = await announce("flooder", "20");
    const listing = lab.renderfarm(["nodes", "--json"]);
    await new Promise((resolve) => setTimeout(resolve, 500)); // a thousand announcements, before the node's
    await using _node = await announce("attic", honest);
    const { exitCode, stdout, stderr } = await listing;
    expect(exitCode, stderr).toBe(0);
    const nodes = stdout.split("\n").map((line) => JSON.parse(line) as { id: string; addresses: { host: string }[] });
    expect(nodes.map(({ id }) => id)).toContain(honest);
    const flooded = nodes.filter(({ addresses }) => addresses[0]?.host === network.addressOf("flooder"));
    expect(flooded.length).toBeGreaterThanOrEqual(64);
    expect(flooded.length).toBeLessThan(70);
  }, 60_000);
});
