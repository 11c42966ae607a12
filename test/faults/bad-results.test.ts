import { describe, expect, test, vi } from "vitest";
import type { FakeConversation, FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { range, ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";
import { withChunk } from "../support/odd-chunks.ts";
import { makePng, pngChunk } from "../support/png.ts";
import { waitFor } from "../support/wait-for.ts";

// A minute without bytes is too long for a test; the real number has its own test.
vi.mock("../../src/session/timing.ts", async (original) => ({ ...(await original<object>()), transferCheckMs: 100 }));

const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;

/** A copy with one bit flipped, at a share of its length. */
function flipped(bytes: Buffer, share: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length * share);
  copy[at] = (copy[at] ?? 0) ^ 0b100;
  return copy;
}

/** Results that a broken disk, memory, network or program produces. */
const lies: [what: string, options: FakeNodeOptions][] = [
  ["a truncated picture", { picture: (_, honest) => honest.subarray(0, honest.length - 20) }],
  ["half a picture", { picture: (_, honest) => honest.subarray(0, honest.length / 2) }],
  ["not a picture", { picture: () => Buffer.from("this is no PNG") }],
  ["a bit flipped in the pixels", { picture: (_, honest) => flipped(honest, 0.6) }],
  ["a bit flipped in the header", { picture: (_, honest) => flipped(honest, 0.01) }],
  ["the picture of another frame", { picture: (frame) => makePng(format, frame + 1) }],
  ["a picture of another size", { picture: (frame) => makePng({ ...format, width: 31 }, frame) }],
  ["a picture of another depth", { picture: (frame) => makePng({ ...format, depth: 16 }, frame) }],
  ["a picture with alpha", { picture: (frame) => makePng({ ...format, colorMode: "RGBA" }, frame) }],
  [
    "a malformed colour profile",
    { picture: (_, honest) => withChunk(honest, pngChunk("iCCP", "not a profile, really")) },
  ],
  [
    "metadata that Blender never writes",
    { picture: (_, honest) => withChunk(honest, pngChunk("acTL", Buffer.alloc(8))) },
  ],
  ["bytes after its end", { picture: (_, honest) => Buffer.concat([honest, Buffer.from("more")]) }],
  ["a different digest", { claim: () => ({ sha256: "0".repeat(64) }) }],
  ["more bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes - 1 }) }],
  ["fewer bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes + 1 }) }],
];

describe("a bad result is refused and counted against its node, and the frame is rendered elsewhere:", () => {
  test.each(lies)("%s", async (name, options) => {
    await using farm = await ScriptedFarm.open();
    const liar = await farm.start({ name: "liar", ...options });
    const honest = await farm.start({ name: "honest" });
    const run = farm.run([liar, honest], { frames: "1-10" });
    // The honest node waits until the liar was caught three times, so that the liar gets frames.
    const barred = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "node:barred" && resolve();
    });
    honest.node.options.beforeFrame = () => barred;

    const result = await run.completed();

    expect(run.all("node:barred"), name).toMatchObject([{ name: "liar" }]);
    expect(run.all("frame:requeued").filter((event) => event.name === "liar").length).toBeGreaterThanOrEqual(3);
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 10 }]);
    await farm.expectFilm(range(1, 10));
  });
});

describe("a transfer that does not end is aborted, and its frame is rendered elsewhere:", () => {
  type Answer = (conversation: FakeConversation, about: { transfer: number; frame: number; attempt: number }) => void;

  const silences: [what: string, answer: Answer][] = [
    ["nothing after the request", () => {}],
    [
      "nothing after the beginning",
      (conversation, about) => {
        void conversation.send({ type: "result-begin", ...about, sizeBytes: 2_000, offset: 0 });
      },
    ],
  ];
  test.each(silences)("%s", async (_, answer) => {
    await using farm = await ScriptedFarm.open();
    const mute = await farm.start({ name: "mute" });
    mute.node.options.onMessage = (message, conversation) => {
      if (message.type !== "result-fetch") return false;
      const { transfer, frame, attempt } = message;
      answer(conversation, { transfer, frame, attempt });
      return true;
    };
    const honest = await farm.start({ name: "honest" });
    const run = farm.run([mute, honest], { frames: "1-10" });
    const barred = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "node:barred" && resolve();
    });
    honest.node.options.beforeFrame = () => barred;

    const result = await run.completed();

    expect(run.all("frame:requeued").some(({ reason }) => /hardly any arrived/.test(reason))).toBe(true);
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 10 }]);
    await farm.expectFilm(range(1, 10));
  });

  test("if such a node is the only one, the job fails in bounded time with the cause, and the next run continues", async () => {
    await using farm = await ScriptedFarm.open();
    const node = await farm.start({ name: "mute" });
    node.node.options.onMessage = (message) => message.type === "result-fetch" && message.frame > 3;
    const run = farm.run([node], { frames: "1-6" });
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FRAMES_FAILED",
      message: expect.stringContaining("4-6"),
    });
    expect(run.all("frame:failed")[0]).toMatchObject({ message: expect.stringContaining("hardly any arrived") });

    delete node.node.options.onMessage;
    const again = farm.run([node], { frames: "1-6" });
    expect(await again.completed()).toMatchObject({ reused: 3 });
    await farm.expectFilm(range(1, 6));
  });
});

describe("a node that breaks the protocol with every result", () => {
  const rude: FakeNodeOptions = {
    name: "rude",
    say: (message) => (message.type === "result-begin" ? [{ ...message, sizeBytes: -1 }] : [message]),
  };

  test("loses its link each time, and others render its frames", async () => {
    await using farm = await ScriptedFarm.open();
    const nodes = [await farm.start(rude), await farm.start({ name: "honest" })];
    const result = await farm.run(nodes, { frames: "1-10" }).completed();
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 10 }]);
    await farm.expectFilm(range(1, 10));
  });

  test("makes the job fail in bounded time if it is the only one", async () => {
    await using farm = await ScriptedFarm.open();
    const run = farm.run([await farm.start(rude)], { frames: "1-2" });
    await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED", exitCode: 4 });
  });
});

describe("results of frames that were not assigned", () => {
  const neverMade = 999_999_999;
  const madeUpResults: [what: string, madeUp: { frame: number; attempt: number }][] = [
    ["with an attempt that was never made", { frame: 5, attempt: neverMade }],
    ["with a frame outside the job", { frame: 500, attempt: neverMade }],
  ];

  /** A node that reports `times` made-up results before its first honest one. */
  async function startFabricator(farm: ScriptedFarm, madeUp: { frame: number; attempt: number }, times: number) {
    const fabricator = await farm.start({ name: "fabricator" });
    let rest = times;
    fabricator.node.options.say = (message) => {
      if (message.type !== "frame-rendered" || rest === 0) return [message];
      const { result } = message;
      const said = Array.from({ length: rest }, (_, index) => ({
        ...message,
        result: { ...result, ...madeUp, attempt: madeUp.attempt - index },
      }));
      rest = 0;
      return [...said, message];
    };
    return fabricator;
  }

  function fetchedOfMadeUp({ node }: ScriptedNode): unknown[] {
    return node.heard.filter((message) => message.type === "result-fetch" && message.attempt > neverMade - 10);
  }

  test.each(madeUpResults)("%s: the third in a row bars the node, and none is fetched", async (_, madeUp) => {
    await using farm = await ScriptedFarm.open();
    const [liar, honest] = [await startFabricator(farm, madeUp, 3), await farm.start({ name: "honest" })];
    const run = farm.run([liar, honest], { frames: "1-8" });
    const barred = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "node:barred" && resolve();
    });
    honest.node.options.beforeFrame = () => barred;
    const { nodes } = await run.completed();
    expect(run.all("node:barred")).toMatchObject([
      {
        name: "fabricator",
        reason: expect.stringContaining("3 failures in a row: it has frames that it was never given"),
      },
    ]);
    // The two frames that it already had, one running and one waiting, may still count.
    expect(nodes.find(({ name }) => name === "honest")?.frames).toBeGreaterThanOrEqual(6);
    expect(fetchedOfMadeUp(liar)).toEqual([]);
    await farm.expectFilm(range(1, 8));
  });

  test.each(madeUpResults)("%s: two of them followed by a good one do not bar the node", async (_, madeUp) => {
    await using farm = await ScriptedFarm.open();
    const [liar, honest] = [await startFabricator(farm, madeUp, 2), await farm.start({ name: "honest" })];
    const run = farm.run([liar, honest], { frames: "1-8" });
    await run.completed();
    expect(run.all("node:barred")).toEqual([]);
    expect(fetchedOfMadeUp(liar)).toEqual([]);
    await farm.expectFilm(range(1, 8));
  });

  test.each(madeUpResults)("%s: the only node is not barred for them", async (_, madeUp) => {
    await using farm = await ScriptedFarm.open();
    const liar = await startFabricator(farm, madeUp, 5);
    const run = farm.run([liar], { frames: "1-8" });
    await run.completed();
    expect(run.all("node:barred")).toEqual([]);
    expect(fetchedOfMadeUp(liar)).toEqual([]);
    await farm.expectFilm(range(1, 8));
  });

  test("with the frame number of another attempt: no frame is stored under a wrong number", async () => {
    await using farm = await ScriptedFarm.open();
    // It reports every frame as the next one: the number matches neither the picture nor the attempt.
    const mixer = await farm.start({
      name: "mixer",
      say: (message) =>
        message.type === "frame-rendered"
          ? [{ type: "frame-rendered", result: { ...message.result, frame: message.result.frame + 1 } }]
          : [message],
    });
    const honest = await farm.start({ name: "honest" });
    const run = farm.run([mixer, honest], { frames: "1-8" });
    const hasMixed = () => mixer.node.rendered.length > 0;
    honest.node.options.beforeFrame = async () => void (await waitFor(hasMixed, "the mixer to render a frame"));
    // The frames that the mixer has not delivered count as running: its link ends, and the honest node gets them.
    run.onEvent = (event) => {
      if (event.type === "frame:stored" && event.stored === 4) void mixer.server[Symbol.asyncDispose]();
    };
    const result = await run.completed();
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 8 }]);
    await farm.expectFilm(range(1, 8));
  });
});
