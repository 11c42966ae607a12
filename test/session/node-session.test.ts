import { describe, expect, test, vi } from "vitest";
import { FarmError } from "../../src/core/errors.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { LoadFailedError } from "../../src/session/load-failed.ts";
import type { NodeReport } from "../../src/session/node-report.ts";
import { NodeSession } from "../../src/session/node-session.ts";
import type { FrameResult, FromNode } from "../../src/session/protocol.ts";
import { encodePiece } from "../../src/session/transfer/piece.ts";
import { FakeNode, type FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { type Message, makeLinkPair, type PairedLink } from "../support/nodes/link-pair.ts";

const key = makeFarmKey();
const { signal } = new AbortController();
const job = "a".repeat(32);
const load = { job, blend: "b".repeat(64), scene: null, colorMode: "RGB" } as const;

async function connect(options: FakeNodeOptions = {}) {
  const node = new FakeNode({ key, ...options });
  const pair = makeLinkPair();
  const serving = node.serve(pair.node).catch(() => {});
  const reports: NodeReport[] = [];
  let onReport = (_: NodeReport) => {};
  const session = await NodeSession.open({
    link: pair.coordinator,
    expectedNode: node.id,
    chooseKey: () => key,
    onReport: (report) => {
      reports.push(report);
      onReport(report);
    },
    signal,
  });
  /** Resolves with the next report of this type. */
  const report = <T extends NodeReport["type"]>(type: T) =>
    new Promise<Extract<NodeReport, { type: T }>>((resolve) => {
      onReport = (said) => {
        if (said.type === type) resolve(said as Extract<NodeReport, { type: T }>);
      };
    });
  return { node, pair, serving, session, reports, report };
}

/** A session whose node has rendered frame 3. */
async function connectWithResult(options: FakeNodeOptions = {}) {
  const connected = await connect(options);
  const { session, report } = connected;
  await session.openJob(job, { name: "film", holder: "me" }, signal);
  await session.loadJob(load, signal);
  const rendered = report("frame-rendered");
  await session.assign(0, 3, 1);
  const { result } = await rendered;
  return { ...connected, result };
}

async function fetchBytes(session: NodeSession, result: FrameResult): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sink = async (data: Buffer) => void pieces.push(Buffer.from(data));
  expect(await session.fetch(result, sink, signal)).toBeUndefined();
  return Buffer.concat(pieces);
}

/** Resolves when the link has ended, with the reason unless we ended it. */
async function endOf({ ended }: NodeSession): Promise<FarmError | undefined> {
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
  return ended.reason instanceof FarmError ? ended.reason : undefined;
}

test("a session opens a job, loads it, renders a frame, fetches and releases it, and closes the job", async () => {
  const { node, session, reports, result } = await connectWithResult();
  await using _ = session;
  expect(session.info).toMatchObject({ node: node.id, blender: "3.4.1" });
  expect(reports.map(({ type }) => type)).toEqual([
    ...["slot-changed", "frame-started", "frame-progress", "frame-rendered"],
  ]);
  const bytes = await fetchBytes(session, result);
  expect(bytes.length).toBe(result.sizeBytes);
  await session.release(result.frame, result.attempt);
  await session.closeJob(job, signal);
  expect(node.job).toBeUndefined();
  expect(await session.fetch(result, async () => {}, signal)).toBe("The result is gone"); // as the node says
});

test("openJob() says who is using the node", async () => {
  const { session } = await connect({ busyWith: "somebody@elsewhere" });
  await using _ = session;
  expect(await session.openJob(job, { name: "film", holder: "me" }, signal)).toMatchObject({
    holder: "somebody@elsewhere",
  });
});

test("loadJob() does not wait for ever for a node that only sends heartbeats", async () => {
  const { session } = await connect({ onMessage: ({ type }) => type === "job-load" });
  await using _ = session;
  await session.openJob(job, { name: "film", holder: "me" }, signal);
  const failure = await session.loadJob(load, signal, 20).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LoadFailedError);
  expect(failure).toMatchObject({ code: "FARM_LOAD_FAILED", reason: "TIMED_OUT" });
});

test("loadJob() fails with the node's own words", async () => {
  const loadFails = {
    code: "FILE_TOO_NEW",
    message: "saved by a newer Blender",
    hint: "update",
    log: ["line"],
  } as const;
  const { session } = await connect({ loadFails: { ...loadFails, log: [...loadFails.log] } });
  await using _ = session;
  await session.openJob(job, { name: "film", holder: "me" }, signal);
  const failure = await session.loadJob(load, signal).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LoadFailedError);
  expect(failure).toMatchObject({ code: "FARM_NODE_EXCLUDED", reason: "FILE_TOO_NEW", log: ["line"] });
});

test.each([
  ["SCENE_NOT_FOUND", "FARM_BAD_INPUT", 2],
  ["UNSUPPORTED", "FARM_BAD_INPUT", 2],
  ["FILE_UNREADABLE", "FARM_NOT_A_BLEND", 2],
  ["FILE_TOO_NEW", "FARM_NODE_EXCLUDED", 3],
  ["LOAD_FAILED", "FARM_LOAD_FAILED", 4],
])("a node's %s is %s, with a hint even when the node gives none", (code, expected, exitCode) => {
  const error = new LoadFailedError("attic", { code, message: "as it says", hint: "", log: [] });
  expect(error).toMatchObject({ code: expected, exitCode });
  expect(error.message).toContain("as it says");
  expect(error.hint).not.toBe("");
});

describe("fetch() refuses bytes", () => {
  const cases: [why: string, tamper: (message: Message) => Message[]][] = [
    ["with a piece missing", (message) => (isPiece(message, 0) ? [] : [message])],
    ["with a piece sent twice", (message) => (isPiece(message, 0) ? [message, message] : [message])],
    ["with a piece in the wrong place", (message) => (isPiece(message, 0) ? [moved(message)] : [message])],
    ["with more bytes than announced", (message) => (isPiece(message, 0) ? [long(message)] : [message])],
  ];
  test.each(cases)("%s, and the link stays up", async (_, tamper) => {
    const { session, pair, result } = await connectWithResult();
    await using _session = session;
    pair.node.tamper = tamper;
    await expect(fetchBytes(session, result)).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
    pair.node.tamper = (message) => [message];
    expect((await fetchBytes(session, result)).length).toBe(result.sizeBytes);
  });

  test("without an end as soon as there are too many: an endless transfer blocks nothing", async () => {
    const { session, pair, result } = await connectWithResult();
    await using _ = session;
    let transfer = 0;
    pair.node.tamper = (message) => {
      if (typeof message === "string") return message.includes("result-end") ? [] : [message];
      transfer = message.readUInt32BE(0);
      return [message];
    };
    const fetching = fetchBytes(session, result);
    fetching.catch(() => {});
    while (!pair.node.sent.some((message) => typeof message !== "string")) await new Promise(setImmediate);
    await new Promise(setImmediate);
    pair.coordinator.hear(encodePiece({ transfer, offset: result.sizeBytes, data: Buffer.alloc(1000) }));
    await expect(fetching).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
    expect(pair.coordinator.isOver).toBe(false);
  });
});

test("fetch() ends with the link", async () => {
  const { session, pair, result } = await connectWithResult({ say: swallow("result-end") });
  await using _ = session;
  const fetching = fetchBytes(session, result);
  pair.coordinator.cut();
  await expect(fetching).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
});

test("fetch() throws what the sink threw, and the link stays up", async () => {
  const { session, result } = await connectWithResult();
  await using _ = session;
  const sink = async () => {
    throw new Error("disk full");
  };
  await expect(session.fetch(result, sink, signal)).rejects.toThrow("disk full");
  expect((await fetchBytes(session, result)).length).toBe(result.sizeBytes);
});

test("answers that nobody waits for any more do no harm", async () => {
  const { session, node } = await connect();
  await using _ = session;
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await expect(session.openJob(job, { name: "film", holder: "me" }, stop.signal)).rejects.toThrow("enough");
  await expect(session.openJob(job, { name: "film", holder: "me" }, signal)).resolves.toMatchObject({
    type: "job-opened",
  });
  expect(node.links).toBe(1);
});

function tamperWith(link: PairedLink, tamper: PairedLink["tamper"]): void {
  link.tamper = tamper;
}

describe("a man in the middle who relayed the greeting", () => {
  const attacks: [does: string, attack: (link: PairedLink) => void][] = [
    [
      "alters a message",
      (link) => {
        link.tamper = (message) => [typeof message === "string" ? message.replace('"frame":3', '"frame":4') : message];
      },
    ],
    ["repeats a message", (link) => tamperWith(link, (message) => [message, message])],
    ["delays a message", (link) => tamperWith(link, reordered())],
    ["drops a message", (link) => tamperWith(link, dropped('"frame-started"'))],
    ["adds a message without a seal", (link) => link.peer?.hear(JSON.stringify(rendered))],
    ["adds a message with a forged seal", (link) => link.peer?.hear(`9 ${"0".repeat(64)} ${JSON.stringify(rendered)}`)],
    ["sends the coordinator's own message back", (link) => link.peer?.hear(String(link.peer.sent.at(-1)))],
    [
      "adds a piece of an unknown transfer",
      (link) => link.peer?.hear(encodePiece({ transfer: 99, offset: 0, data: one })),
    ],
    ["adds a binary message that is not a piece", (link) => link.peer?.hear(Buffer.alloc(3))],
    ["adds an empty message", (link) => link.peer?.hear("")],
  ];
  test.each(attacks)("ends the link and gets nothing accepted when he %s", async (_, attack) => {
    const { session, pair, reports } = await connect();
    await session.openJob(job, { name: "film", holder: "me" }, signal);
    await session.loadJob(load, signal);
    const before = reports.length;
    attack(pair.node);
    await session.assign(0, 3, 1).catch(() => {});
    expect(await endOf(session)).toMatchObject({ code: "FARM_BAD_MESSAGE" });
    expect(pair.coordinator.closeCode).toBe(1008);
    const accepted = reports.slice(before).filter((report) => report.type === "frame-rendered");
    expect(accepted).toEqual([]);
    expect(reports.some((report) => "frame" in report && report.frame === 4)).toBe(false);
    await expect(session.openJob(job, { name: "film", holder: "me" }, signal)).rejects.toMatchObject({
      code: /^FARM_/,
    });
  });

  test("cannot make the node accept an altered order either", async () => {
    const { session, pair, node } = await connect();
    await session.openJob(job, { name: "film", holder: "me" }, signal);
    pair.coordinator.tamper = (message) => [String(message).replace("aaaa", "abab")];
    session.closeJob(job, signal).catch(() => {});
    pair.coordinator.tamper = (message) => [message];
    await session[Symbol.asyncDispose]();
    expect(node.heard.map(({ type }) => type)).toEqual(["job-open"]);
    expect(node.job).toBeDefined();
  });
});

describe("the link ends when the node", () => {
  const words: [what: string, text: string][] = [
    ["sends an unknown message", JSON.stringify({ type: "never-heard-of" })],
    ["omits a field", JSON.stringify({ type: "frame-started", frame: 1 })],
    ["sends invalid JSON", "{"],
    ["names an impossible frame", JSON.stringify({ type: "frame-withdrawn", frame: 2 ** 31, attempt: 1 })],
  ];
  test.each(words)("%s", async (_, text) => {
    const { session, node } = await connect();
    await node.conversation?.sendText(text);
    expect(await endOf(session)).toMatchObject({ code: "FARM_BAD_MESSAGE" });
  });

  test("reports that it cannot continue", async () => {
    const { session, node } = await connect();
    await node.conversation?.send({ type: "error", code: "BAD_MESSAGE", message: "what was that" });
    expect(await endOf(session)).toMatchObject({ message: expect.stringContaining("what was that") });
  });

  test("hangs up", async () => {
    const { session, pair } = await connect();
    await pair.node.close(1001, "");
    expect(await endOf(session)).toMatchObject({ code: "FARM_LINK_LOST" });
  });
});

describe("open() fails, and hangs up, when the node", () => {
  const cases: [what: string, options: FakeNodeOptions, code: string][] = [
    ["introduces itself as another node", { info: { node: "0".repeat(32) } }, "FARM_LINK_LOST"],
    ["introduces itself without a version", { info: { blender: "" } }, "FARM_LINK_LOST"],
    ["sends something else first", { say: () => [{ type: "heartbeat" }] }, "FARM_LINK_LOST"],
    ["has another key", { key: { ...makeFarmKey(), id: key.id } }, "FARM_KEY_UNUSABLE"],
    ["hangs up during the greeting", { hangsUpAfter: "prove" }, "FARM_LINK_LOST"],
  ];
  test.each(cases)("%s", async (_, options, code) => {
    const node = new FakeNode({ key, ...options });
    const { coordinator, node: end } = makeLinkPair();
    node.serve(end).catch(() => {});
    const opening = NodeSession.open({ link: coordinator, chooseKey: () => key, onReport: () => {}, signal });
    await expect(opening).rejects.toMatchObject({ code });
    expect(coordinator.isOver).toBe(true);
  });

  test("says nothing and the signal is aborted", async () => {
    for (const silentAfter of ["hello", "prove"] as const) {
      const stop = new AbortController();
      const { coordinator, node: end } = makeLinkPair();
      new FakeNode({ key, silentAfter }).serve(end).catch(() => {});
      const options = { link: coordinator, chooseKey: () => key, onReport: () => {}, signal: stop.signal };
      const opening = NodeSession.open(options);
      stop.abort(new Error("enough"));
      await expect(opening).rejects.toThrow("enough");
      expect(coordinator.isOver).toBe(true);
    }
  });

  test("says nothing and the signal was aborted before", async () => {
    const { coordinator, node: end } = makeLinkPair();
    new FakeNode({ key, silentAfter: "hello" }).serve(end).catch(() => {});
    const aborted = AbortSignal.abort(new Error("enough"));
    const opening = NodeSession.open({ link: coordinator, chooseKey: () => key, onReport: () => {}, signal: aborted });
    await expect(opening).rejects.toThrow("enough");
    expect(coordinator.isOver).toBe(true);
  });
});

describe("with a fake clock", () => {
  test("a heartbeat goes out every 2 s, and 10 s of silence end the link", async () => {
    const { session, pair, node } = await connect();
    // Only from here on: the handshake needs real immediates.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    try {
      await session[Symbol.asyncDispose]();
      const again = makeLinkPair();
      node.serve(again.node).catch(() => {});
      const options = { link: again.coordinator, chooseKey: () => key, onReport: () => {}, signal };
      const second = await NodeSession.open(options);
      const sentBefore = again.coordinator.sent.length;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(again.coordinator.sent.length - sentBefore).toBe(5);
      expect(again.coordinator.isOver).toBe(false);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await endOf(second)).toMatchObject({ code: "FARM_LINK_LOST" });
      expect(vi.getTimerCount()).toBe(0);
      expect(pair.coordinator.isOver).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test("messages left unread because we were busy do not count as silence of the node", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    try {
      const { session, node, pair } = await connect();
      // Nothing runs for 30 s; then timers come first, and arrived messages are read after them.
      const late = performance.now() + 30_000;
      vi.spyOn(performance, "now").mockImplementation(() => late);
      vi.advanceTimersToNextTimer();
      expect(pair.coordinator.isOver).toBe(false);
      await node.conversation?.send({ type: "heartbeat" });
      await session.openJob(job, { name: "film", holder: "me" }, signal);
      await session[Symbol.asyncDispose]();
      expect(await endOf(session)).toBeUndefined();
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });

  test("any message keeps the link up, until the session is disposed of", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    try {
      const { session, node } = await connect();
      for (let beats = 0; beats < 10; beats += 1) {
        await vi.advanceTimersByTimeAsync(4_000);
        await node.conversation?.send({ type: "heartbeat" });
      }
      await session.openJob(job, { name: "film", holder: "me" }, signal);
      await session[Symbol.asyncDispose]();
      expect(await endOf(session)).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("disposing of a session is idempotent and rejects all waiting calls", async () => {
  const { session } = await connect({ onMessage: () => true });
  const waiting = session.openJob(job, { name: "film", holder: "me" }, signal);
  waiting.catch(() => {});
  await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
  await session[Symbol.asyncDispose]();
  await expect(waiting).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
  expect(await endOf(session)).toBeUndefined();
});

const one = Buffer.from([1]);
const rendered: FromNode = { type: "frame-withdrawn", frame: 4, attempt: 1 };

function isPiece(message: Message, offset: number): message is Buffer {
  return typeof message !== "string" && message.readBigUInt64BE(4) === BigInt(offset);
}

function moved(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy.writeBigUInt64BE(5n, 4);
  return copy;
}

function long(message: Buffer): Buffer {
  return Buffer.concat([message, Buffer.alloc(100_000)]);
}

function swallow(type: FromNode["type"]) {
  return (message: FromNode) => (message.type === type ? [] : [message]);
}

function dropped(part: string) {
  return (message: Message) => (String(message).includes(part) ? [] : [message]);
}

/** Swaps each message with the one sent after it. */
function reordered() {
  let kept: Message | undefined;
  return (message: Message) => {
    if (kept === undefined) {
      kept = message;
      return [];
    }
    const both = [message, kept];
    kept = undefined;
    return both;
  };
}
