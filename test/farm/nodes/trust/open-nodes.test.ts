import { readFile, symlink } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NamedNode } from "../../../../src/core/node.ts";
import type { OpenNode } from "../../../../src/farm/nodes/trust/open-nodes.ts";
import { certificate, fingerprintOf } from "../../../support/certificates.ts";
import { FakeNode } from "../../../support/nodes/fake-node.ts";
import { serveFakeNode } from "../../../support/nodes/fake-node-server.ts";
import { ScriptedFarm, type ScriptedNode } from "../../../support/nodes/scripted-farm.ts";

const open = { key: null } as const;
let farm: ScriptedFarm;
let asked: OpenNode[];
beforeEach(async () => {
  farm = await ScriptedFarm.open();
  asked = [];
});
afterEach(() => farm[Symbol.asyncDispose]());

/** Nodes as a farmspec lists them. */
const listed = (...nodes: ScriptedNode[]): NamedNode[] =>
  nodes.map(({ node, server: { address } }, index) => ({ address, id: node.id, name: `node-${index}` }));

const answer = (isYes: boolean) => ({
  confirmOpenNode: async (node: OpenNode) => {
    asked.push(node);
    return isYes;
  },
});

/** A job on the nodes of a farmspec. Without `questions` no user can be asked. */
const job = (nodes: NamedNode[], questions: Parameters<ScriptedFarm["run"]>[2] = {}) =>
  farm.run([], { frames: "1-4", nodes, overwrite: true, fresh: true }, questions);

const rendered = ({ node }: ScriptedNode) => node.rendered.length;

test("without a user to ask, an open node in a farmspec is an error with a hint, and no node gets anything", async () => {
  const [keyed, one] = [await farm.start(), await farm.start(open)];
  await expect(job(listed(keyed, one)).result).rejects.toMatchObject({
    ...{ code: "FARM_NODE_OPEN", exitCode: 2 },
    message: expect.stringContaining(`node-1 (${one.node.id.slice(0, 8)}) at 127.0.0.1:${one.server.address.port}`),
    hint: expect.stringContaining(`--nodes 127.0.0.1:${one.server.address.port}`),
  });
  expect([...keyed.node.heard, ...one.node.heard]).toEqual([]);

  const other = await farm.start(open);
  await expect(job(listed(one, other)).result).rejects.toMatchObject({
    code: "FARM_NODE_OPEN",
    message: expect.stringMatching(/2 open nodes(?=.*node-0)(?=.*node-1)/s),
    hint: expect.stringMatching(/--nodes 127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,/),
  });
});

test("the question names the node and its address; a yes is remembered for that node at that address", async () => {
  const one = await farm.start(open);
  const { address } = one.server;
  await job(listed(one), answer(true)).completed();
  expect(asked).toEqual([{ node: one.node.id, name: "node-0", address, certificate: undefined }]);
  expect(rendered(one)).toBe(4);

  await job(listed(one)).completed(); // also without a user to ask
  expect(rendered(one)).toBe(8);

  await one.server[Symbol.asyncDispose]();
  const other = new FakeNode(open);
  await using server = await serveFakeNode(other, undefined, address.port);
  await expect(job([{ address, name: "node-0" }]).result).rejects.toMatchObject({ code: "FARM_NODE_OPEN" });
  const elsewhere = await farm.start({ ...open, id: one.node.id });
  await expect(job(listed(elsewhere)).result).rejects.toMatchObject({ code: "FARM_NODE_OPEN" });
  expect([...other.heard, ...elsewhere.node.heard]).toEqual([]);
  expect(server.problems).toEqual([]);
});

test("after a no the other nodes render, and the next job asks again", async () => {
  const [keyed, one] = [await farm.start(), await farm.start(open)];
  for (const times of [1, 2]) {
    const run = job(listed(keyed, one), answer(false));
    await run.completed();
    expect(asked).toHaveLength(times);
    expect(run.all("node:excluded")).toMatchObject([{ name: "node-1", code: "FARM_NODE_OPEN" }]);
  }
  expect(one.node.heard).toEqual([]);
  await expect(job(listed(one), answer(false)).result).rejects.toMatchObject({ code: "FARM_NODE_OPEN" });
});

test("after a yes the open node must keep the certificate that it had", async () => {
  const node = new FakeNode(open);
  const first = await serveFakeNode(node, certificate("node"));
  const nodes = [{ address: first.address, id: node.id, tls: true }];
  await expect(job(nodes).result).rejects.toMatchObject({ hint: expect.stringContaining("--nodes wss://127.0.0.1:") });
  await job(nodes, answer(true)).completed();
  expect(asked).toMatchObject([{ name: undefined, certificate: fingerprintOf("node") }]);
  await first[Symbol.asyncDispose]();
  await using _second = await serveFakeNode(node, certificate("rogue"), first.address.port);
  await expect(job(nodes, answer(true)).result).rejects.toMatchObject({ code: "FARM_CERTIFICATE_REFUSED" });
});

test("a yes that cannot be saved is valid for this job, with a warning that the summary repeats", async () => {
  const one = await farm.start(open);
  await symlink(farm.path("nowhere"), farm.path("config"));
  const result = await job(listed(one), answer(true)).completed();
  expect(asked).toHaveLength(1);
  expect(result.warnings).toEqual([expect.stringContaining("you will be asked again")]);
  expect(rendered(one)).toBe(4);
});

test("an error in the question ends the job, and Ctrl-C aborts the question", async () => {
  const one = await farm.start(open);
  const thrown = new Error("left at the question");
  await expect(job(listed(one), { confirmOpenNode: () => Promise.reject(thrown) }).result).rejects.toBe(thrown);
  let wasTakenBack = false;
  const run = job(listed(one), {
    confirmOpenNode: (_node, signal) => {
      signal.addEventListener("abort", () => {
        wasTakenBack = true;
      });
      queueMicrotask(() => run.drain.abort());
      return new Promise(() => {});
    },
  });
  expect(await run.result).toEqual({ type: "interrupted", missing: null });
  expect(wasTakenBack).toBe(true);
  expect(one.node.heard).toEqual([]);
});

test("an open node that appears while the job runs is excluded with the reason, and the job continues", async () => {
  const [keyed, late] = [await farm.start(), await farm.start({ ...open, hangsUpAfter: "connection" })];
  let isRefused = () => {};
  const refused = new Promise<void>((resolve) => {
    isRefused = resolve;
  });
  keyed.node.options.beforeFrame = async (frame) => {
    if (frame === 2) delete late.node.options.hangsUpAfter;
    if (frame === 3) await refused;
  };
  const run = job(listed(keyed, late), answer(true));
  run.onEvent = ({ type }) => type === "node:excluded" && isRefused();
  await run.completed();
  expect(run.all("node:excluded")).toMatchObject([{ name: "node-1", code: "FARM_NODE_OPEN" }]);
  expect(asked).toEqual([]);
  expect(late.node.heard).toEqual([]);
});

test("open nodes that the user names are not asked about, and are not remembered", async () => {
  const one = await farm.start(open);
  await job([{ address: one.server.address, mayBeOpen: true }], answer(false)).completed();
  expect(asked).toEqual([]);
  await expect(readFile(farm.path("config/known-nodes.json"), "utf8")).rejects.toThrow("ENOENT");
});
