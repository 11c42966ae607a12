import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NodeAddress } from "../../../../src/core/node.ts";
import { authorityFile, certificate, fingerprintOf } from "../../../support/certificates.ts";
import { FakeNode, type FakeNodeOptions } from "../../../support/nodes/fake-node.ts";
import { serveFakeNode } from "../../../support/nodes/fake-node-server.ts";
import { ScriptedFarm } from "../../../support/nodes/scripted-farm.ts";

const id = "a".repeat(32);
let farm: ScriptedFarm;
let isFirstJob: boolean;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
  isFirstJob = true;
});
afterEach(() => farm[Symbol.asyncDispose]());

interface Served extends AsyncDisposable {
  readonly node: FakeNode;
  readonly address: NodeAddress;
}

/** The node, or another one in its place at the same address. */
async function serve(
  name?: Parameters<typeof certificate>[0],
  options: FakeNodeOptions = {},
  at?: NodeAddress,
): Promise<Served> {
  const node = new FakeNode({ key: farm.key, id, ...options });
  const server = await serveFakeNode(node, name && certificate(name), at?.port);
  return { node, address: server.address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** A whole job on one named node. */
async function job(address: NodeAddress, named: { id?: string; tls?: boolean } = {}, tlsCa?: string) {
  const again = isFirstJob ? {} : { overwrite: true, fresh: true };
  isFirstJob = false;
  return await farm.run([], { frames: "1-2", nodes: [{ address, ...named }], tlsCa, ...again }).completed();
}

const known = async () => JSON.parse(await readFile(farm.path("config/known-nodes.json"), "utf8")).nodes;
const refused = expect.objectContaining({ code: "FARM_CERTIFICATE_REFUSED" });

describe("a node with TLS", () => {
  test("is remembered with its certificate once it has proved its key, and is recognized by name or id", async () => {
    await using node = await serve("node");
    await job(node.address, { tls: true });
    expect((await known())[id]).toMatchObject({ keyed: true, tls: fingerprintOf("node") });
    await job(node.address); // TLS is used although it is no longer asked for
    await job(node.address, { id });
    expect(node.node.links).toBe(3);
  });

  test("is refused with another certificate before the handshake", async () => {
    const first = await serve("node");
    await job(first.address, { id, tls: true });
    await first[Symbol.asyncDispose]();
    await using second = await serve("renewed", {}, first.address);
    await expect(job(second.address, { id })).rejects.toEqual(refused);
    expect(second.node.links).toBe(0);
    await expect(job(second.address, { tls: true })).rejects.toEqual(refused); // the handshake gives its id
    expect((await known())[id].tls).toBe(fingerprintOf("node"));
  });

  test("may have a new certificate if a trusted authority signed it, but not otherwise", async () => {
    const first = await serve("node");
    await job(first.address, { id, tls: true }, authorityFile);
    await first[Symbol.asyncDispose]();
    const second = await serve("renewed", {}, first.address);
    await job(second.address, { id }, authorityFile);
    expect((await known())[id].tls).toBe(fingerprintOf("renewed"));
    await second[Symbol.asyncDispose]();
    await using third = await serve("rogue", {}, first.address);
    await expect(job(third.address, { id }, authorityFile)).rejects.toEqual(refused);
  });

  test("is never used without TLS again, at any address", async () => {
    const first = await serve("node");
    await job(first.address, { id, tls: true });
    await first[Symbol.asyncDispose]();
    await using clear = await serve(undefined, {}, first.address);
    const run = farm.run([], { nodes: [{ address: clear.address, id }], overwrite: true, fresh: true });
    await expect(run.result).rejects.toMatchObject({ message: expect.stringContaining("does not use it") });
    expect(clear.node.links).toBe(0);
    await using elsewhere = await serve();
    await expect(job(elsewhere.address)).rejects.toEqual(refused); // refused once its id is known
    expect(elsewhere.node.heard).toEqual([]);
  });

  test("is not remembered if a man in the middle shows another certificate", async () => {
    // The rogue relays nothing. A node that has not seen the same certificate gives proofs that do not match.
    await using rogue = await serve("rogue", { key: { bytes: Buffer.alloc(20, 7), id: farm.key.id } });
    await expect(job(rogue.address, { tls: true })).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
    await expect(known()).rejects.toThrow("ENOENT");
  });
});

test("an open node at the address of one that had a key is refused, also with a new id", async () => {
  const first = await serve();
  await job(first.address);
  await first[Symbol.asyncDispose]();
  await using rogue = await serve(undefined, { key: null, id: "b".repeat(32) }, first.address);
  await expect(job(rogue.address)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  expect(rogue.node.heard).toEqual([]);
});

test("a damaged list of known nodes ends the job before any node is dialled", async () => {
  await using node = await serve();
  await job(node.address);
  await writeFile(farm.path("config/known-nodes.json"), '{"version":2,"nod');
  await expect(job(node.address)).rejects.toMatchObject({ code: "FARM_BAD_INPUT" });
  expect(node.node.links).toBe(1);
});

test.each([
  ["is absent", "absent.pem"],
  ["holds no certificate", "scene.blend"],
])("an authority file that %s is an error", async (_, file) => {
  await using node = await serve();
  await expect(job(node.address, {}, farm.path(file))).rejects.toMatchObject({ code: "FARM_BAD_INPUT" });
});

test("--allow-scripts reaches the node, and makes earlier frames unusable", async () => {
  await using node = await serve();
  await job(node.address);
  const run = farm.run([], { frames: "1-2", nodes: [{ address: node.address }], allowScripts: true, overwrite: true });
  await run.completed();
  expect(run.all("job:restarted")).toHaveLength(1);
  const loads = node.node.heard.filter((message) => message.type === "job-load");
  expect(loads.map(({ allowScripts }) => allowScripts)).toEqual([false, true]);
});
