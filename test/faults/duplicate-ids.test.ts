import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { type LabNode, startLabNode } from "../support/lab/lab-node.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { withMachineId } from "../support/machine-id.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";

const [machine, otherMachine] = ["0123456789abcdef".repeat(2), "fedcba9876543210".repeat(2)];
const env = { RENDERFARM_KEY: formatFarmKey(makeFarmKey()) };

/** A coordinator's host, and two machines cloned from one disk image, with the same name and config folder. */
async function openClones() {
  const network = await NetworkLab.open("desk", "attic", "cellar");
  const lab = await TerminalLab.open();
  lab.on = network.on("desk");
  await mkdir(lab.path("image/clone/config"), { recursive: true });
  await writeFile(lab.path("image/clone/config/node-id"), "0123456789abcdef".repeat(2));
  await lab.makeBlend("scene.blend", "280"); // real Blenders cannot open it, but only reaching the nodes matters
  const started: LabNode[] = [];
  const start = async (host: string, machineId: string) => {
    const folder = lab.path(`${host}-${started.length}`);
    await cp(lab.path("image"), folder, { recursive: true });
    const on = [...network.on(host), ...(await withMachineId(join(folder, "etc"), machineId))];
    const node = await startLabNode("clone", "python3", { on, env: { ...lab.environment, ...env }, folder });
    started.push(node);
    return { ...node, at: `${network.addressOf(host)}:${node.port}`, idFile: join(folder, "clone/config/node-id") };
  };
  const renderfarm = (...args: string[]) => lab.renderfarm(args, { env });
  const eventsOf = async (...args: string[]) => {
    const { stdout } = await renderfarm("scene.blend", "-o", "film.mp4", "--no-save-farmspec", "--json", ...args);
    return stdout.split("\n").map((line) => JSON.parse(line));
  };
  const close = async () => {
    for (const node of started) node.child.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    await lab[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  };
  return { start, renderfarm, eventsOf, [Symbol.asyncDispose]: close };
}

test.skipIf(skipBecause(farmLabProblem))(
  "two copies of one config folder without mDNS learn of each other from a job that names both",
  async () => {
    await using lab = await TerminalLab.open();
    await lab.makeBlend("scene.blend", "280");
    const nodes: LabNode[] = [];
    for (const name of ["one", "two"]) {
      const folder = lab.path(`${name}-folder`);
      const config = join(folder, name, "config");
      await mkdir(config, { recursive: true });
      await writeFile(join(config, "node-id"), "0123456789abcdef".repeat(2));
      const on = await withMachineId(join(folder, "etc"), machine);
      const more = ["--no-mdns", "--host", "127.0.0.1", "--port", "0"];
      nodes.push(await startLabNode(name, "python3", { on, env: { ...lab.environment, ...env }, folder, more }));
    }
    const list = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const { stdout } = await lab.renderfarm(["scene.blend", "-o", "film.mp4", "--json", "--nodes", list.join(",")], {
      env,
    });
    expect(stdout).toMatch(/"DUPLICATE_NODE_ID"/);
    expect(await Promise.all(nodes.map(end))).toEqual([
      expect.stringContaining(`(one, ${nodes[0]?.id.slice(0, 8)}): two at ${list[1]}.`),
      expect.stringContaining(`(two, ${nodes[0]?.id.slice(0, 8)}): one at ${list[0]}.`),
    ]);
  },
  90_000,
);

/** Ends a node. @returns Its stderr */
async function end({ child, ended }: LabNode): Promise<string> {
  child.stdin?.end();
  return (await ended).stderr;
}

describe.skipIf(skipBecause(farmLabProblem))("machines cloned from one disk image", { timeout: 90_000 }, () => {
  test("are separate nodes, and one without a machine id says so", async () => {
    await using clones = await openClones();
    const [attic, cellar] = await Promise.all([clones.start("attic", machine), clones.start("cellar", otherMachine)]);
    expect(attic.id).not.toBe(cellar.id);
    const { stdout, stderr } = await clones.renderfarm("nodes");
    expect(stdout.split("\n").slice(1)).toEqual([
      expect.stringMatching(/^clone +10\.77\.0\.12:/),
      expect.stringMatching(/^clone +10\.77\.0\.13:/),
    ]);
    expect(stderr).toBe("");
    const found = (await clones.eventsOf()).filter(({ type }) => type === "node:found").map(({ node }) => node);
    expect(found.sort()).toEqual([attic.id, cellar.id].sort());

    attic.child.kill("SIGKILL"); // without a goodbye on mDNS
    await attic.ended;
    expect(await end(cellar)).not.toContain("another node");
    const again = await clones.start("attic", machine);
    expect(again.id).toBe(attic.id); // a restarted node is not a second one
    const one = await clones.renderfarm("nodes");
    expect(one.stdout.split("\n").slice(1)).toEqual([expect.stringMatching(/^clone +10\.77\.0\.12:/)]);
    expect(one.stderr).toBe("");
    expect(await end(again)).not.toContain("another node");

    const anonymous = await clones.start("attic", "");
    expect([attic.id, cellar.id]).not.toContain(anonymous.id);
    anonymous.child.stdin?.end();
    await anonymous.ended;
    expect(anonymous.said()).toContain(
      "this machine has no id of its own (/etc/machine-id), so this node has an id for this run only",
    );
  });

  test("with the same machine id are reported with their addresses by nodes, doctor, jobs and their own consoles", async () => {
    await using clones = await openClones();
    const [attic, cellar] = await Promise.all([clones.start("attic", machine), clones.start("cellar", machine)]);
    expect(attic.id).toBe(cellar.id);
    const both = expect.stringMatching(
      /2 nodes have the same id, (?=.*clone at 10\.77\.0\.12:)(?=.*clone at 10\.77\.0\.13:)/,
    );

    const table = await clones.renderfarm("nodes");
    expect(table.stdout).toMatch(/\nclone +10\.77\.0\.12:.*\nclone +10\.77\.0\.13:.*$/);
    expect(table.stderr).toEqual(both);
    expect(table.stderr).toContain("delete 'node-id' in its config folder");
    const json = (await clones.renderfarm("nodes", "--json")).stdout.split("\n").map((line) => JSON.parse(line));
    expect(json).toHaveLength(2);
    const hosts = ({ addresses }: { addresses: { host: string }[] }) => addresses.map(({ host }) => host);
    for (const node of json) {
      expect([...hosts(node), ...node.sameId.flatMap(hosts)].sort()).toEqual(["10.77.0.12", "10.77.0.13"]);
    }
    const doctor = (await clones.renderfarm("doctor", "--json")).stdout.split("\n").map((line) => JSON.parse(line));
    expect(doctor).toContainEqual(expect.objectContaining({ what: "Node ids", state: "warning", detail: both }));

    const warning = expect.objectContaining({ type: "warning", code: "DUPLICATE_NODE_ID", message: both });
    for (const named of [[], ["--nodes", `${attic.at},${cellar.at}`]]) {
      const events = await clones.eventsOf(...named);
      expect(events.filter(({ code }) => code === "DUPLICATE_NODE_ID")).toEqual([warning]);
      expect(events.filter(({ type }) => type === "node:found")).toHaveLength(1);
    }

    expect(await end(attic)).toContain(`: clone at ${cellar.at}. A job uses only one of them. On one of the two`);
    expect(await end(cellar)).toContain(`: clone at ${attic.at}. A job uses only one of them.`);
    expect((await cellar.ended).stderr).toContain(`delete ${cellar.idFile} and start it again`);
  });
});
