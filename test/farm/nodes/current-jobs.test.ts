import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFarmKey } from "../../../src/core/farm-key.ts";
import type { Sighting } from "../../../src/core/node.ts";
import { currentJobs } from "../../../src/farm/nodes/listing/current-jobs.ts";
import { FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "../../support/nodes/fake-node-server.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const key = makeFarmKey();
const job = { holder: "anna@attic", name: "duck 010", since: 1 };

let folder: TemporaryFolder;
let servers: FakeNodeServer[] = [];
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  servers = [];
  await folder[Symbol.asyncDispose]();
});

/** A busy node, as it announces itself. */
async function startBusy(options: FakeNodeOptions, seen: Partial<Sighting> = {}) {
  const node = new FakeNode({ key, info: { job }, ...options });
  const server = await serveFakeNode(node);
  servers.push(server);
  const sighting: Sighting = {
    ...{ id: node.id, state: "busy", source: "mdns", addresses: [server.address] },
    keyId: options.key === null ? null : (options.key ?? key).id,
    ...seen,
  };
  return { node, sighting };
}

const ask = (nodes: readonly Sighting[]) =>
  currentJobs(nodes, { keys: [key], configFolder: join(folder.path, "config") });

test("busy nodes with a key of this machine say what they render and for whom, and are left alone otherwise", async () => {
  const { node, sighting } = await startBusy({});
  expect(await ask([sighting])).toEqual(new Map([[node.id, job]]));
  expect(node.heard).toEqual([]);
});

test("no other node is asked: open ones, those with another key, and those that are idle", async () => {
  const others = [
    await startBusy({ key: null }),
    await startBusy({ key: makeFarmKey() }),
    await startBusy({}, { state: "idle" }),
  ];
  expect(await ask(others.map(({ sighting }) => sighting))).toEqual(new Map());
  expect(others.map(({ node }) => node.links)).toEqual([0, 0, 0]);
});

test("a node that cannot prove its key, hangs up, or is of an older release is not in the answer, and holds up nothing", async () => {
  const { node, sighting } = await startBusy({});
  const others = [
    await startBusy({ welcome: () => "0".repeat(64) }),
    await startBusy({ hangsUpAfter: "prove" }),
    await startBusy({ info: {} }),
    await startBusy({ info: { job: null } }),
  ];
  expect(await ask([...others.map((each) => each.sighting), sighting])).toEqual(new Map([[node.id, job]]));
});
