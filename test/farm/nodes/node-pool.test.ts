import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FarmError } from "../../../src/core/errors.ts";
import { makeFarmKey } from "../../../src/core/farm-key.ts";
import type { Sighting } from "../../../src/core/node.ts";
import type { FarmEvent } from "../../../src/farm/events.ts";
import type { NodeEvent } from "../../../src/farm/nodes/node-event.ts";
import { NodePool } from "../../../src/farm/nodes/node-pool.ts";
import { isAnyAlive, isAnyClaimed, loadErrorOf, problemsOf } from "../../../src/farm/nodes/node-status.ts";
import { UpcomingFrames } from "../../../src/farm/nodes/supply/upcoming-frames.ts";
import { KnownNodes } from "../../../src/farm/nodes/trust/known-nodes.ts";
import { NodeTrust } from "../../../src/farm/nodes/trust/node-trust.ts";
import { OpenNodes } from "../../../src/farm/nodes/trust/open-nodes.ts";
import { VersionGate } from "../../../src/farm/nodes/version-gate.ts";
import type { Dial } from "../../../src/session/link.ts";
import type { FromNode } from "../../../src/session/protocol.ts";
import { digestOf, FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { makeLinkPair, type PairedLink } from "../../support/nodes/link-pair.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const key = makeFarmKey();
const content = Buffer.from("a small blendfile");
const job = "a".repeat(32);
let folder: TemporaryFolder;
let farm: Farm;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "scene.blend"), content);
  farm = new Farm();
});
afterEach(async () => {
  await farm.end();
  await folder[Symbol.asyncDispose]();
});

/** A pool whose nodes are reached over links in memory. A node's host name is its key in `hosts`. */
class Farm {
  readonly events: FarmEvent[] = [];
  readonly nodeEvents: NodeEvent[] = [];
  readonly hosts = new Map<string, FakeNode>();
  readonly links: PairedLink[] = [];
  readonly pool: NodePool;
  readonly #dial: Dial;
  readonly #stop = new AbortController();
  readonly #watchers = new Set<() => void>();

  constructor() {
    const dial: Dial = async ({ host }) => {
      const node = this.hosts.get(host);
      if (!node) throw new FarmError("FARM_NODE_UNREACHABLE", `Cannot reach ${host}`, "Nothing");
      const pair = makeLinkPair();
      this.links.push(pair.coordinator);
      node.serve(pair.node).catch(() => {});
      return pair.coordinator;
    };
    const versionGate = new VersionGate({
      wanted: undefined,
      mixVersions: false,
      savedBy: undefined,
      overrides: [],
      addons: [],
    });
    versionGate.close();
    const knownNodes = new KnownNodes(join(folder.path, "config"));
    const tell = (event: FarmEvent) => this.#note(() => this.events.push(event));
    const blob = { path: join(folder.path, "scene.blend"), sha256: digestOf(content), sizeBytes: content.length };
    this.#dial = dial;
    const openNodes = new OpenNodes({ confirm: undefined, knownNodes, tell });
    this.pool = new NodePool({
      ...{
        order: Promise.resolve({
          job,
          title: { name: "film", holder: "me" },
          blob,
          scene: null,
          colorMode: "RGB" as const,
          files: {
            ...{ blendPath: "scene.blend", current: { files: [], list: null }, add: async () => false },
            ...{
              colors: null,
              heldBy: () => {},
              recover: async () => undefined,
              contents: { later: [], neededBy: () => [] },
            },
          },
          upcoming: new UpcomingFrames(),
          allowScripts: false,
          addons: [],
          ...{
            allowMissing: false,
            simulations: null,
            sampleFrom: null,
            overrides: null,
            pictures: { formats: ["png" as const], depth: null, nodes: false, video: true },
          },
        }),
        versionGate,
      },
      ...{ openNodes, tell },
      trust: new NodeTrust({ knownNodes, openNodes, keys: [key] }),
      onEvent: (event) => this.#note(() => this.nodeEvents.push(event)),
      signal: this.#stop.signal,
    });
  }

  /** Starts a node at a host, and lets the pool see it there. */
  start(host: string, options: FakeNodeOptions = {}, source: Sighting["source"] = "fixed"): FakeNode {
    const node = new FakeNode({ key, name: host, ...options });
    this.hosts.set(host, node);
    this.see(host, source === "mdns" ? node.id : undefined, source);
    return node;
  }

  see(host: string, id?: string, source: Sighting["source"] = "fixed"): void {
    this.add({ addresses: [{ host, port: 7447 }], source, ...(id !== undefined && { id }) });
  }

  add(sighting: Sighting): void {
    this.pool.add({ sighting, dial: this.#dial });
  }

  /** Waits until a condition is true; checks after each event. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  count(type: FarmEvent["type"] | NodeEvent["type"]): number {
    return [...this.events, ...this.nodeEvents].filter((event) => event.type === type).length;
  }

  async end(): Promise<void> {
    this.#stop.abort(new Error("The test is over"));
    await this.pool.ended();
  }

  #note(note: () => void): void {
    note();
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

test("a node gets the job and the blendfile and joins, and is released when the pool ends", async () => {
  const node = farm.start("one");
  await farm.until(() => farm.count("joined") === 1);
  expect(node.blobs.get(digestOf(content))).toEqual(content);
  expect(node.job?.id).toBe(job);
  await farm.end();
  expect(node.job).toBeUndefined();
  expect(farm.links.map(({ isOver }) => isOver)).toEqual([true]);
  expect(farm.count("lost")).toBe(0);
});

test("a node whose link is lost reconnects with its job, and the blendfile is not sent again", async () => {
  const node = farm.start("one");
  await farm.until(() => farm.count("joined") === 1);
  farm.links[0]?.cut();
  await farm.until(() => farm.count("lost") === 1);
  expect(farm.events).toContainEqual(expect.objectContaining({ type: "node:lost", message: "the connection broke" }));
  await farm.until(() => farm.count("joined") === 2);
  const again = farm.nodeEvents.filter((event) => event.type === "joined")[1];
  expect(again?.node.opened.resumed).toBe(true);
  expect(node.heard.filter(({ type }) => type === "blob-begin").length).toBe(1);
  expect(farm.count("node:found")).toBe(1);
});

test("a busy node is reported once, and joins as soon as it is seen free", async () => {
  const node = farm.start("one", { busyWith: "somebody" });
  await farm.until(() => farm.count("node:busy") === 1);
  expect(farm.events).toContainEqual(expect.objectContaining({ type: "node:busy", holder: "somebody" }));
  node.options.busyWith = undefined;
  while (farm.count("joined") === 0) {
    farm.see("one"); // as mDNS reports it
    await new Promise(setImmediate);
  }
  expect(farm.count("node:busy")).toBe(1);
});

test("a node named by two addresses joins once, and is not excluded", async () => {
  const node = farm.start("one");
  farm.hosts.set("same", node);
  await farm.until(() => farm.count("joined") === 1);
  farm.see("same");
  await farm.pool.firstTriesOver();
  await farm.until(() => farm.links.length === 2 && farm.links[1]?.isOver === true);
  expect(farm.count("joined")).toBe(1);
  expect(farm.count("node:excluded")).toBe(0);
  expect(isAnyAlive(farm.pool.nodes)).toBe(true);
});

describe("two nodes with one id", () => {
  const id = "d".repeat(32);
  const warnings = () => farm.events.filter((event) => event.type === "warning");

  test("that the user named are reported with their addresses, here and on both consoles; one joins", async () => {
    const one = farm.start("attic", { id });
    await farm.until(() => farm.count("joined") === 1);
    const other = farm.start("cellar", { id });
    await farm.until(() => farm.links[1]?.isOver === true);
    const both =
      "2 nodes have the same id, dddddddd, and a job uses only one of them: attic at attic:7447 and cellar at cellar:7447";
    expect(warnings()).toMatchObject([{ code: "DUPLICATE_NODE_ID", message: expect.stringContaining(both) }]);
    await expect.poll(() => other.heard).toEqual([{ type: "duplicate-id", name: "attic", address: "attic:7447" }]);
    await expect.poll(() => one.heard).toContainEqual({ type: "duplicate-id", name: "cellar", address: "cellar:7447" });
    expect(farm.count("joined")).toBe(1);
  });

  test("that mDNS found are reported once, and if one does not answer the other joins", async () => {
    const node = new FakeNode({ key, id });
    farm.hosts.set("cellar", node);
    const at = (host: string): Sighting => ({ id, name: host, addresses: [{ host, port: 7447 }], source: "mdns" });
    farm.add({ ...at("attic"), duplicates: [at("cellar")] });
    farm.add({ ...at("attic"), duplicates: [at("cellar")], state: "busy" });
    await farm.until(() => farm.count("joined") === 1);
    expect(warnings()).toMatchObject([
      { message: expect.stringContaining("attic at attic:7447 and cellar at cellar:7447") },
    ]);
  });

  test("one of which is an older release cannot be distinguished from one node with two names", async () => {
    farm.start("attic", { id });
    await farm.until(() => farm.count("joined") === 1);
    const older = farm.start("cellar", { id, info: { start: undefined } });
    await farm.until(() => farm.links[1]?.isOver === true);
    expect([...warnings(), ...older.heard]).toEqual([]);
  });
});

test("a restarted node with two names is still one node, under the name that reaches it", async () => {
  const node = farm.start("one");
  await farm.until(() => farm.count("joined") === 1);
  farm.hosts.delete("one"); // restarting takes a while
  farm.links[0]?.cut();
  await farm.until(() => farm.count("lost") === 1);
  node.start = "f".repeat(16);
  farm.hosts.set("same", node);
  farm.see("same");
  await farm.until(() => farm.count("joined") === 2);
  farm.hosts.set("one", node);
  farm.see("one");
  await farm.until(() => farm.links.length > 2 && farm.links[2]?.isOver === true);
  expect([farm.count("warning"), farm.count("node:excluded"), farm.count("excluded")]).toEqual([0, 0, 0]);
  expect(isAnyAlive(farm.pool.nodes)).toBe(true);
});

test("an unreachable node is reported once, and is dialled again when it is seen again; then that is taken back", async () => {
  farm.see("one");
  await farm.until(() => farm.count("node:unreachable") === 1);
  farm.start("one");
  await farm.until(() => farm.count("joined") === 1);
  expect(farm.count("node:unreachable")).toBe(1);
  expect(problemsOf(farm.pool.nodes)).toEqual([]);
  const [told] = farm.events.filter(({ type }) => type === "node:unreachable");
  const ended = farm.events.filter(({ type }) => type === "alarm:ended");
  expect(ended).toMatchObject([
    { was: "unreachable", message: "Cannot reach one", name: told && "name" in told && told.name },
  ]);
});

test("a node that is lost and cannot be reached, twice, is reported twice, and taken back twice", async () => {
  const node = farm.start("one");
  for (let times = 1; times <= 2; times++) {
    await farm.until(() => farm.count("joined") === times);
    farm.hosts.delete("one");
    farm.links.at(-1)?.cut();
    await farm.until(() => farm.count("node:unreachable") === times);
    farm.hosts.set("one", node);
    farm.see("one");
    await farm.until(() => farm.count("alarm:ended") === times);
  }
});

test("a node that only works for somebody else is not unreachable any more", async () => {
  farm.see("one");
  await farm.until(() => farm.count("node:unreachable") === 1);
  farm.start("one", { busyWith: "somebody" });
  await farm.until(() => farm.count("node:busy") === 1);
  expect(farm.count("alarm:ended")).toBe(1);
});

test("an open node that mDNS found is excluded permanently, before it hears anything about the key", async () => {
  farm.start("one", { key: null }, "mdns");
  await farm.until(() => farm.count("excluded") === 1);
  expect(farm.events).toMatchObject([{ type: "node:excluded", code: "FARM_NODE_EXCLUDED" }]);
  expect(farm.links[0]?.sent.length).toBe(1); // the hello
  expect(isAnyAlive(farm.pool.nodes)).toBe(false);
});

test("a node that proved a key is not accepted as an open node later, although the user named it", async () => {
  const node = farm.start("one");
  await farm.until(() => farm.count("joined") === 1);
  node.options.key = null;
  farm.links[0]?.cut();
  await farm.until(() => farm.count("excluded") === 1);
  expect(farm.events.at(-1)).toMatchObject({ message: expect.stringContaining("it had a key before") });
});

test("a host that announces a node's id does not keep it out: it is found at another address, or later", async () => {
  const node = new FakeNode({ key, name: "real" });
  farm.hosts.set("real", node);
  farm.hosts.set("impostor", new FakeNode({ key: makeFarmKey(), id: node.id }));
  const both = ["impostor", "real"].map((host) => ({ host, port: 7447 }));
  farm.add({ addresses: both, id: node.id, source: "mdns" });
  await farm.until(() => farm.count("joined") === 1);
  expect(farm.count("excluded")).toBe(0);

  const other = new FakeNode({ key, name: "other" });
  farm.hosts.set("other", other);
  farm.hosts.set("liar", new FakeNode({ key: makeFarmKey(), id: other.id }));
  farm.see("liar", other.id, "mdns");
  await farm.until(() => farm.count("excluded") === 1);
  farm.see("liar", other.id, "mdns");
  farm.see("other", other.id, "mdns");
  await farm.until(() => farm.count("joined") === 2);
  expect(farm.links.filter(({ sent }) => sent.length > 0).length).toBe(4); // the liar was not asked twice
});

test("a limited number of addresses is dialled for a node's id, however many are announced", async () => {
  const id = "d".repeat(32);
  for (let place = 0; place < 100; place += 1) {
    farm.hosts.set(`liar-${place}`, new FakeNode({ key: makeFarmKey(), id }));
    const before = farm.count("excluded");
    farm.see(`liar-${place}`, id, "mdns");
    if (place < 32) await farm.until(() => farm.count("excluded") > before);
  }
  expect(farm.links.length).toBe(32);
  expect(isAnyAlive(farm.pool.nodes)).toBe(false);
});

test("a node counts as claimed from when it has the job until it is released, not only after it has joined", async () => {
  let onLoad = () => {};
  const isLoading = new Promise<void>((resolve) => {
    onLoad = resolve;
  });
  const hears = (type: string) => {
    if (type === "job-load") onLoad();
    return type === "job-load"; // without an answer
  };
  farm.start("slow", { onMessage: ({ type }) => hears(type) });
  expect(isAnyClaimed(farm.pool.nodes)).toBe(false);
  await isLoading;
  expect(isAnyClaimed(farm.pool.nodes)).toBe(true);
  expect(farm.count("joined")).toBe(0);
  await farm.end();
  expect(isAnyClaimed(farm.pool.nodes)).toBe(false);
});

test("a busy node does not count as claimed", async () => {
  farm.start("one", { busyWith: "somebody" });
  await farm.until(() => farm.count("node:busy") === 1);
  expect(isAnyClaimed(farm.pool.nodes)).toBe(false);
});

test("a node that is lost each time before it has opened the file is finally excluded, with the reason", async () => {
  farm.start("dying", {
    onMessage: ({ type }, { link }) => {
      if (type === "job-load") void link.close(1011, "it fell over");
      return type === "job-load";
    },
  });
  const waking = setInterval(() => farm.see("dying"), 5); // so that no back-off is waited out
  await farm.until(() => farm.count("excluded") === 1);
  clearInterval(waking);
  expect(farm.hosts.get("dying")?.heard.filter(({ type }) => type === "job-load").length).toBe(11);
  expect(farm.events.at(-1)).toMatchObject({ type: "node:excluded", message: expect.stringContaining("it fell over") });
});

test.each([
  ["many things", 5_000, []],
  ["a few long things", 100, Array.from({ length: 200 }, () => "x".repeat(4_000))],
])("a node that reports %s before it has opened the file is disconnected", async (_, count, log) => {
  const error = { code: "CRASHED" as const, message: "", hint: "", log };
  const chatter: FromNode = { type: "slot-changed", slot: 0, state: "lost", device: null, error };
  farm.start("chatty", {
    onMessage: ({ type }, conversation) => {
      if (type !== "job-load") return false;
      for (let said = 0; said < count; said += 1) void conversation.send(chatter).catch(() => {});
      return true;
    },
  });
  await farm.until(() => problemsOf(farm.pool.nodes).some(({ code }) => code === "FARM_BAD_MESSAGE"));
  expect(farm.count("report")).toBe(0);
});

test("a node that cannot open the file is excluded, and the others are not", async () => {
  farm.start("bad", { loadFails: { message: "it is broken" } });
  farm.start("good");
  await farm.until(() => farm.count("joined") === 1 && farm.count("excluded") === 1);
  expect(isAnyAlive(farm.pool.nodes)).toBe(true);
  expect(farm.hosts.get("bad")?.job).toBeUndefined(); // released for others
});

test("a pool has a load error if the reached nodes cannot open the file and the others were never reached", async () => {
  farm.start("bad", { loadFails: { message: "it is broken" } });
  expect(loadErrorOf(farm.pool.nodes)).toBeUndefined(); // it may still open it
  await farm.until(() => farm.count("excluded") === 1);
  farm.see("never-there");
  await farm.until(() => farm.count("node:unreachable") === 1);
  expect(loadErrorOf(farm.pool.nodes)).toMatchObject({ message: expect.stringContaining("it is broken") });
  farm.start("busy", { busyWith: "somebody" });
  await farm.until(() => farm.count("node:busy") === 1);
  expect(loadErrorOf(farm.pool.nodes)).toBeUndefined(); // it will be free later
});

test("a pool whose only good node is lost has no load error: the node may come back", async () => {
  farm.start("bad", { loadFails: { message: "it is broken" } });
  farm.start("good");
  await farm.until(() => farm.count("joined") === 1 && farm.count("excluded") === 1);
  farm.hosts.delete("good");
  for (const link of farm.links) link.cut();
  await farm.until(() => farm.count("node:unreachable") === 1);
  expect(loadErrorOf(farm.pool.nodes)).toBeUndefined();
});

test("reports that a node sends while loading follow after it has joined, in order", async () => {
  farm.start("one");
  await farm.until(() => farm.count("report") === 1);
  expect(farm.nodeEvents.map(({ type }) => type)).toEqual(["joined", "report"]);
});

describe("a node that has lost the blendfile", () => {
  const missing = { code: "BLOB_MISSING", message: "The blendfile was damaged on the node's disk", hint: "", log: [] };
  const lost = (slot: number): FromNode => ({
    type: "slot-changed",
    slot,
    state: "lost",
    device: null,
    error: missing,
  });
  const uploads = (node: FakeNode) => node.heard.filter(({ type }) => type === "blob-begin").length;
  const told = () => farm.events.filter(({ type }) => type === "warning");

  test("before it opened it gets it again, and joins", async () => {
    const node = farm.start("one", {
      onMessage: ({ type }) => {
        if (type === "job-load" && uploads(node) === 1) {
          node.blobs.clear();
          node.options.loadFails = missing;
        } else delete node.options.loadFails;
        return undefined;
      },
    });
    await farm.until(() => farm.count("joined") === 1);
    expect(uploads(node)).toBe(2);
    expect(told()).toMatchObject([{ code: "BLOB_MISSING", name: "one", message: expect.stringMatching(/sent again/) }]);
  });

  test("every time is finally excluded, with the reason and what to do", async () => {
    const node = farm.start("one", {
      loadFails: missing,
      onMessage: ({ type }) => {
        if (type === "job-load") node.blobs.clear();
        return undefined;
      },
    });
    await farm.until(() => farm.count("excluded") === 1);
    expect(uploads(node)).toBe(4);
    expect(farm.events.at(-1)).toMatchObject({
      ...{ type: "node:excluded", code: "FARM_LOAD_FAILED", hint: expect.stringMatching(/disk/) },
      message: expect.stringMatching(/lost the blendfile again .* damaged/),
    });
    expect(loadErrorOf(farm.pool.nodes)).toBeDefined(); // a job without other nodes ends
  });

  test("during a job gets it again, once for all its slots, and stays in the job", async () => {
    const node = farm.start("one", { slots: 2 });
    await farm.until(() => farm.count("report") === 2);
    node.blobs.clear();
    for (const slot of [0, 1]) void node.conversation?.send(lost(slot));
    await farm.until(() => farm.count("report") === 4);
    while (!node.blobs.get(digestOf(content))?.equals(content)) await new Promise(setImmediate);
    expect([uploads(node), told().length, farm.count("lost")]).toEqual([2, 1, 0]);
  });

  test("during a job again and again is finally excluded", async () => {
    const node = farm.start("one", {
      say: (message) => {
        if (message.type !== "blob-stored" || farm.count("joined") === 0) return [message];
        node.blobs.clear();
        return [message, lost(0)];
      },
    });
    await farm.until(() => farm.count("report") === 1);
    node.blobs.clear();
    void node.conversation?.send(lost(0));
    await farm.until(() => farm.count("excluded") === 1);
    expect(told().length).toBe(3);
    expect(uploads(node)).toBeLessThanOrEqual(5); // the loss may come before the report of the last storing
    expect([farm.count("joined"), farm.count("lost")]).toEqual([1, 1]);
    expect(node.job).toBeUndefined(); // released for others
  });

  test("and does not accept it again is excluded", async () => {
    const node = farm.start("one");
    await farm.until(() => farm.count("report") === 1);
    node.blobs.clear();
    node.options.rejectsBlob = "DISK_FULL";
    void node.conversation?.send(lost(0));
    await farm.until(() => farm.count("excluded") === 1);
    expect(farm.events.at(-1)).toMatchObject({ type: "node:excluded", code: "FARM_BLEND_REJECTED" });
  });
});
