import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { encodePiece } from "../../src/session/transfer/piece.ts";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";

// The real numbers, ten minutes and 16 kB a second, have their own test.
vi.mock("../../src/session/timing.ts", async (original) => ({
  ...(await original<object>()),
  ...{ transferCheckMs: 50, leastChecksPerTransfer: 10, expectedBytesPerCheck: 1_000_000 },
}));

const megabyte = 1_000_000;

test("a result that arrives far too slowly is aborted, and its frame is rendered elsewhere", async () => {
  await using farm = await ScriptedFarm.open();
  const slow = await farm.start({ name: "slow", claim: () => ({ sizeBytes: megabyte }) });
  const over = new AbortController();
  slow.node.options.onMessage = (message, conversation) => {
    if (message.type !== "result-fetch") return false;
    void (async () => {
      for (let offset = 0; offset < megabyte && !over.signal.aborted; offset += 5_000) {
        const piece = encodePiece({ transfer: message.transfer, offset, data: Buffer.alloc(5_000) });
        await conversation.link.send(piece).catch(() => over.abort());
        await delay(25);
      }
    })();
    return true;
  };
  const honest = await farm.start({ name: "honest" });
  const run = farm.run([slow, honest], { frames: "1-6" });
  const requeued = new Promise<void>((resolve) => {
    run.onEvent = (event) => event.type === "frame:requeued" && resolve();
  });
  honest.node.options.beforeFrame = () => requeued;
  const result = await run.completed();
  over.abort();
  expect(run.all("frame:requeued")[0]?.reason).toMatch(/in the time allowed for all/);
  expect(result.nodes).toMatchObject([{ name: "honest", frames: 6 }]);
  await farm.expectFilm(range(1, 6));
});

test("a result announced larger than any such frame can be is refused at once, and our disk is not blamed", async () => {
  await using farm = await ScriptedFarm.open();
  const boaster = await farm.start({ name: "boaster", claim: () => ({ sizeBytes: 4 * 1024 ** 3 - 1 }) });
  const honest = await farm.start({ name: "honest" });
  const run = farm.run([boaster, honest], { frames: "1-6" });
  const barred = new Promise<void>((resolve) => {
    run.onEvent = (event) => event.type === "node:barred" && resolve();
  });
  honest.node.options.beforeFrame = () => barred;
  const result = await run.completed();
  expect(boaster.node.heard.filter(({ type }) => type === "result-fetch")).toEqual([]);
  expect(run.all("frame:requeued")[0]?.reason).toMatch(/it cannot have more than/);
  expect(result.nodes).toMatchObject([{ name: "honest", frames: 6 }]);
  await farm.expectFilm(range(1, 6));
});
