import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { IncomingTransfers } from "../../../src/session/transfer/incoming.ts";

function begin(sizeBytes: number, sink: (data: Buffer) => Promise<void> = async () => {}) {
  const transfers = new IncomingTransfers();
  const number = transfers.takeNumber();
  transfers.begin(number, sizeBytes, sink);
  const take = (offset: number, text: string) => transfers.take({ transfer: number, offset, data: Buffer.from(text) });
  return { transfers, number, take };
}

test("pieces reach the sink in order, and a whole transfer ends well", async () => {
  let heard = "";
  const { transfers, number, take } = begin(6, async (data) => {
    heard += data.toString();
  });
  await take(0, "abc");
  await take(3, "def");
  expect(() => transfers.end(number)).not.toThrow();
  expect(heard).toBe("abcdef");
});

test("takeNumber() never returns a number twice", () => {
  const transfers = new IncomingTransfers();
  expect(new Set(Array.from({ length: 100 }, () => transfers.takeNumber())).size).toBe(100);
});

describe("end() refuses a transfer", () => {
  const cases: [why: string, pieces: [offset: number, text: string][]][] = [
    ["with bytes missing at the end", [[0, "abc"]]],
    ["that brought nothing", []],
    ["with a gap", [[0, "abc"], [4, "ef"]]], // biome-ignore format: a case on a line
    ["with a repeated piece", [[0, "abc"], [0, "abc"]]], // biome-ignore format: a case on a line
    ["that does not start at offset 0", [[1, "abcde"]]],
    ["that is longer than announced", [[0, "abcdefg"]]],
    ["that continues after its end", [[0, "abcdef"], [6, "g"]]], // biome-ignore format: a case on a line
  ];
  test.each(cases)("%s", async (_, pieces) => {
    let heardBytes = 0;
    const { transfers, number, take } = begin(6, async (data) => {
      heardBytes += data.length;
    });
    for (const [offset, text] of pieces) await take(offset, text);
    expect(() => transfers.end(number)).toThrow(expect.objectContaining({ code: "FARM_BAD_MESSAGE" }));
    expect(heardBytes).toBeLessThanOrEqual(6);
  });
});

test("after an error no more bytes reach the sink, however many arrive", async () => {
  let calls = 0;
  const { take } = begin(6, async () => {
    calls += 1;
  });
  await take(3, "abc");
  for (let offset = 0; offset < 100; offset += 1) await take(offset, "x");
  expect(calls).toBe(0);
});

test("a failing sink does not break the link: end() throws its error, take() does not", async () => {
  const { transfers, number, take } = begin(6, async () => {
    throw new Error("disk full");
  });
  await take(0, "abc");
  await take(3, "def");
  expect(() => transfers.end(number)).toThrow("disk full");
});

test("take() waits for the sink, so that a slow disk slows the node down", async () => {
  let release = () => {};
  const { take } = begin(
    3,
    () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  );
  let isTaken = false;
  const taking = take(0, "abc").then(() => {
    isTaken = true;
  });
  await Promise.resolve();
  expect(isTaken).toBe(false);
  release();
  await taking;
  expect(isTaken).toBe(true);
});

test("pieces of a dropped transfer are ignored", async () => {
  const { transfers, number, take } = begin(6);
  transfers.drop(number);
  await expect(take(0, "abc")).resolves.toBeUndefined();
});

test("a piece of a transfer that was never started is the node's error", async () => {
  const { transfers } = begin(6);
  const piece = { transfer: 7, offset: 0, data: Buffer.from("abc") };
  await expect(transfers.take(piece)).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
});

describe("stalled transfers", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Two fetches on one link, with the errors that each got. */
  function beginTwo() {
    const transfers = new IncomingTransfers();
    const problems: unknown[] = [];
    const numbers = [transfers.takeNumber(), transfers.takeNumber()];
    const note = (problem: unknown) => problems.push(problem);
    for (const number of numbers) transfers.begin(number, 100_000, async () => {}, note);
    const send = (bytes: number, offset: number) =>
      transfers.take({ transfer: numbers[0] ?? 0, offset, data: Buffer.alloc(bytes) });
    return { transfers, problems, numbers, send };
  }

  test("fail after a minute when the node is alive but sends nothing", () => {
    const { problems, transfers, numbers } = beginTwo();
    vi.advanceTimersByTime(59_000);
    expect(problems).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(problems).toMatchObject([{ code: "FARM_BAD_MESSAGE" }, { code: "FARM_BAD_MESSAGE" }]);
    expect(() => transfers.end(numbers[0] ?? 0)).toThrow(/hardly any arrived for 60 s/);
  });

  test("fail even if a little arrives all the time: each has a time limit for the whole transfer", async () => {
    const { problems, transfers, numbers, send } = beginTwo();
    // Ten minutes, plus one check interval for the size of both.
    for (let look = 0; look < 60; look += 1) {
      await send(1_600, look * 1_600);
      const other = transfers.takeNumber();
      transfers.begin(other, 1, async () => {});
      transfers.drop(other); // so that the link makes progress
      vi.advanceTimersByTime(10_000);
    }
    expect(problems).toEqual([]);
    vi.advanceTimersByTime(20_000);
    expect(problems.length).toBe(2);
    expect(() => transfers.end(numbers[0] ?? 0)).toThrow(/only 96000 of 100000 bytes arrived/);
  });

  test("fail even if a byte arrives now and then", async () => {
    const { problems, send } = beginTwo();
    for (let second = 0; second < 60; second += 1) {
      await send(1, second);
      vi.advanceTimersByTime(1_000);
    }
    expect(problems.length).toBe(2);
  });

  test("are waited for while another transfer on the link makes progress", async () => {
    const { problems, send } = beginTwo();
    for (let minute = 0; minute < 5; minute += 1) {
      await send(5_000, minute * 5_000);
      vi.advanceTimersByTime(55_000);
    }
    expect(problems).toEqual([]);
  });

  test("cause nothing after they have ended, and leave no timer", () => {
    const { transfers, problems, numbers } = beginTwo();
    for (const number of numbers) transfers.drop(number);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(200_000);
    expect(problems).toEqual([]);
  });
});
