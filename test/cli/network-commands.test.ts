import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { startLabNode } from "../support/lab/lab-node.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";

describe.skipIf(skipBecause(farmLabProblem))("on a network of its own", () => {
  test("nodes and farmspec list the nodes, or exit with 3 if there is none; a listed node is found at a new address", async () => {
    const key = formatFarmKey(makeFarmKey());
    await using network = await NetworkLab.open("desk", "attic");
    await using lab = await TerminalLab.open();
    lab.on = network.on("desk");
    const env = { RENDERFARM_KEY: key };
    const nobody = await lab.renderfarm(["nodes"], { env });
    expect([nobody.exitCode, nobody.stdout]).toEqual([3, ""]);
    expect(nobody.stderr).toMatch(/^Error: Cannot find a render node[^\n]*\n {2}Start one/);

    const folder = lab.path("nodes");
    await mkdir(folder);
    const place = { on: network.on("attic"), env: { ...lab.environment, RENDERFARM_KEY: key }, folder };
    const node = await startLabNode("attic", "python3", place);
    const address = network.addressOf("attic");

    const table = await lab.renderfarm(["nodes"], { env });
    expect(table.exitCode, table.stderr).toBe(0);
    expect(table.stdout).toMatch(
      /^name +address +Blender +slots +key +state\nattic +10\.77\.0\.12:\d+ +[\d.]+ +1 +\w{8} +idle$/,
    );
    const json = await lab.renderfarm(["nodes", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ type: "node", id: node.id, name: "attic", isKeyKnown: false });

    const written = await lab.renderfarm(["farmspec"], { env });
    expect(written).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("farmspec.json: 1 node") });
    const spec = JSON.parse(await readFile(lab.path("farmspec.json"), "utf8"));
    expect(spec.nodes).toMatchObject([{ id: node.id, name: "attic", host: address, port: node.port }]);
    expect(JSON.stringify(spec)).not.toContain(key);
    expect((await lab.renderfarm(["farmspec"], { env })).exitCode).toBe(2); // it exists
    const printed = await lab.renderfarm(["farmspec", "-o", "-"], { env });
    expect([printed.exitCode, JSON.parse(printed.stdout)], printed.stderr).toEqual([0, spec]);

    // A real Blender cannot open this blendfile: the test only needs the node to be reached.
    const moved = { nodes: [{ ...spec.nodes[0], host: "10.77.0.99" }] };
    await writeFile(lab.path("farmspec.json"), JSON.stringify(moved));
    await lab.makeBlend("scene.blend", "280");
    const run = await lab.renderfarm(["scene.blend", "-o", "film.mp4", "--json"], { env });
    const events = run.stdout.split("\n").map((line) => JSON.parse(line));
    expect(events.find((event) => event.type === "node:found")).toMatchObject({ name: "attic" });
    node.child.stdin?.end();
    await node.ended;
  }, 90_000);
});
