import { expect, test } from "vitest";
import type { JobOrder, PlacedBlob } from "../../../../src/farm/nodes/job-order.ts";
import { FrameSupply } from "../../../../src/farm/nodes/supply/frame-supply.ts";
import { Sending, type SendingState } from "../../../../src/farm/nodes/supply/sending.ts";
import { SuppliedWorker } from "../../../../src/farm/nodes/supply/supplied-worker.ts";
import { UpcomingFrames } from "../../../../src/farm/nodes/supply/upcoming-frames.ts";
import type { NodeReport } from "../../../../src/session/node-report.ts";
import type { NodeSession } from "../../../../src/session/node-session.ts";
import type { Problem } from "../../../../src/session/protocol.ts";
import type { Blob } from "../../../../src/session/transfer/upload.ts";
import { waitFor } from "../../../support/wait-for.ts";

const nameOf = (frame: number) => `seq/${frame}.png`;
const fileOf = (frame: number): PlacedBlob => ({
  at: nameOf(frame),
  blob: { path: `/x/${frame}`, sha256: `digest of ${frame}`, sizeBytes: 5_000_000 },
});

/** A node that takes files when it is told to. Each frame needs its own picture and that of the frame before. */
function openSupply({ slots = 1, stored = new Set<number>() } = {}) {
  const log: string[] = [];
  const reports: NodeReport[] = [];
  const states: SendingState[] = [];
  const held = new Map<string, () => void>();
  const problems: Problem[] = [];
  const ended = new AbortController();
  const session = {
    info: { name: "box", node: "ab", slots },
    ended: ended.signal,
    sendBlob: async ({ sha256, sizeBytes }: Blob, onProgress: (haveBytes: number) => void) => {
      log.push(`send ${sha256.slice(10)}`);
      const turn = held.has(sha256) ? new Promise<void>((resolve) => held.set(sha256, resolve)) : undefined;
      await turn;
      onProgress(sizeBytes);
      return sizeBytes;
    },
    addFiles: async (_job: string, files: readonly { path: string }[]) => {
      log.push(`add ${files.map(({ path }) => path).join()}`);
      return problems.shift() ?? null;
    },
    assign: async (_slot: number, frame: number) => void log.push(`assign ${frame}`),
    withdraw: async (frame: number) => void log.push(`withdraw ${frame}`),
  };
  const upcoming = new UpcomingFrames();
  upcoming.set([1, 9, 5, 3, 7, 2, 4, 6, 8], (frame) => stored.has(frame));
  const files = {
    contents: {
      later: [nameOf(1)],
      neededBy: (frame: number) => [frame - 1, frame].filter((each) => each > 0).map(fileOf),
    },
  };
  const order = { job: "job", upcoming, files } as unknown as JobOrder;
  const sending = new Sending({ monotonicMs: () => performance.now() }, (state) => states.push(state));
  const target = { session: session as unknown as NodeSession, files: order.files, isLocal: false, sending };
  const supply = FrameSupply.of({ ...target, signal: ended.signal }, order);
  if (supply === undefined) throw new Error("There are files that come later");
  const worker = new SuppliedWorker({
    ...{ session: target.session, supply, onReport: (report) => reports.push(report), onDelay: () => {} },
  });
  const running = supply.run().catch((error: unknown) => error);
  const end = async () => {
    ended.abort(new Error("the end"));
    return await running;
  };
  /** Keeps the file of a frame back. @returns What lets it go */
  const hold = (frame: number) => {
    const key = `digest of ${frame}`;
    held.set(key, () => {});
    return () => {
      held.get(key)?.();
      held.delete(key);
    };
  };
  return { worker, log, reports, states, problems, hold, end };
}

test("a frame is assigned when its files are in place, and those of the next frames follow in their order", async () => {
  const { worker, log, end } = openSupply();
  await worker.assign(0, 1, 100);
  expect(log.filter((line) => line !== "send 8")).toEqual(["send 1", "add seq/1.png", "assign 1"]);
  // Four frames ahead: 9, 5, 3 and 7, each with the picture before.
  await waitFor(() => log.filter((line) => line.startsWith("send")).length === 9, "the files of the next frames");
  expect(log.filter((line) => line.startsWith("send")).map((line) => Number(line.slice(5)))).toEqual([
    ...[1, 8, 9, 4, 5, 2, 3, 6, 7],
  ]);
  await worker.assign(0, 5, 101);
  expect(log.at(-1)).toBe("assign 5");
  expect(await end()).toMatchObject({ message: "the end" });
});

test("a frame that was given comes before those that are expected; stored ones are not expected", async () => {
  const { worker, log, hold, end } = openSupply({ stored: new Set([9, 5]) });
  const release = hold(3);
  await worker.assign(0, 1, 100);
  await waitFor(() => log.includes("send 3"), "the file that is held back");
  const assigned = worker.assign(0, 8, 101);
  release();
  await assigned;
  const sent = log.filter((line) => line.startsWith("send")).map((line) => Number(line.slice(5)));
  expect(sent.slice(0, 5)).toEqual([1, 2, 3, 7, 8]);
  await end();
});

test("a frame that waits for its files can be taken back, and the node never hears of it", async () => {
  const { worker, log, reports, hold, end } = openSupply();
  const release = hold(9);
  const assigned = worker.assign(0, 9, 100);
  await worker.withdraw(9, 100);
  expect(reports).toEqual([{ type: "frame-withdrawn", frame: 9, attempt: 100 }]);
  release();
  await assigned;
  expect(log.filter((line) => /assign|withdraw/.test(line))).toEqual([]);
  await worker.withdraw(9, 100);
  expect(log).toContain("withdraw 9"); // not known here any more: the node answers
  await end();
});

test("files that a node's cache has lost are sent again, a few times", async () => {
  const { worker, log, problems, end } = openSupply();
  const lost = { code: "BLOB_MISSING", message: "gone", hint: "", log: [] };
  problems.push(lost, lost);
  await worker.assign(0, 1, 100);
  expect(log.filter((line) => line === "send 1").length).toBe(3);
  problems.push(lost, lost, lost, lost);
  void worker.assign(0, 9, 101);
  await waitFor(() => problems.length === 0, "the file to be refused");
  expect(await end()).toMatchObject({ code: "FARM_LOAD_FAILED", message: expect.stringContaining("gone") });
});

test("what is still to come is told, with the frames that wait", async () => {
  const { worker, states, hold, end } = openSupply();
  const release = hold(8);
  void worker.assign(0, 9, 100);
  await waitFor(() => states.length > 0, "what is still to come");
  // The file of the first frame was on its way before this frame was given.
  expect(states[0]).toMatchObject({ filesLeft: 3, haveBytes: 5_000_000, sizeBytes: 15_000_000 });
  release();
  await waitFor(() => states.at(-1)?.filesLeft === 0, "the end");
  expect(states.at(-1)).toMatchObject({ haveBytes: states.at(-1)?.sizeBytes });
  await end();
});
