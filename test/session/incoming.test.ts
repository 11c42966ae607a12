import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { IncomingTransfers } from "../../src/session/incoming.ts";

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

test("takeNumber() never gives a number twice", () => {
  const transfers = new IncomingTransfers();
  expect(new Set(Array.from({ length: 100 }, () => transfers.takeNumber())).size).toBe(100);
});

describe("end() refuses a transfer", () => {
  const cases: [why: string, pieces: [offset: number, text: string][]][] = [
    ["of which bytes are missing at the end", [[0, "abc"]]],
    ["of which nothing came", []],
    ["with a gap", [[0, "abc"], [4, "ef"]]], // biome-ignore format: a case on a line
    ["with a piece twice", [[0, "abc"], [0, "abc"]]], // biome-ignore format: a case on a line
    ["that does not begin at its beginning", [[1, "abcde"]]],
    ["that is longer than was said", [[0, "abcdefg"]]],
    ["that goes on after its end", [[0, "abcdef"], [6, "g"]]], // biome-ignore format: a case on a line
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

test("after something went wrong no more bytes reach the sink, however many come", async () => {
  let calls = 0;
  const { take } = begin(6, async () => {
    calls += 1;
  });
  await take(3, "abc");
  for (let offset = 0; offset < 100; offset += 1) await take(offset, "x");
  expect(calls).toBe(0);
});

test("a sink's failure is no fault of the link: end() throws it, take() does not", async () => {
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

test("pieces of a transfer that was dropped are ignored", async () => {
  const { transfers, number, take } = begin(6);
  transfers.drop(number);
  await expect(take(0, "abc")).resolves.toBeUndefined();
});

test("a piece of a transfer that was never begun is an error of the node", async () => {
  const { transfers } = begin(6);
  const piece = { transfer: 7, offset: 0, data: Buffer.from("abc") };
  await expect(transfers.take(piece)).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
});

describe("transfers that do not get on", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Two fetches on one link, with what each was told. */
  function beginTwo() {
    const transfers = new IncomingTransfers();
    const told: unknown[] = [];
    const numbers = [transfers.takeNumber(), transfers.takeNumber()];
    for (const number of numbers) transfers.begin(number, 100_000, async () => {}, (problem) => told.push(problem)); // biome-ignore format: one thought
    const send = (bytes: number, offset: number) =>
      transfers.take({ transfer: numbers[0] ?? 0, offset, data: Buffer.alloc(bytes) });
    return { transfers, told, numbers, send };
  }

  test("are given up after a minute: the node lives and sends nothing", () => {
    const { told, transfers, numbers } = beginTwo();
    vi.advanceTimersByTime(59_000);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toMatchObject([{ code: "FARM_BAD_MESSAGE" }, { code: "FARM_BAD_MESSAGE" }]);
    expect(() => transfers.end(numbers[0] ?? 0)).toThrow(/hardly any came for 60 s/);
  });

  test("are given up although a little comes all the time: each has a time for the whole of it", async () => {
    const { told, transfers, numbers, send } = beginTwo();
    // Ten minutes, and a look more for the size of both.
    for (let look = 0; look < 60; look += 1) {
      await send(1_600, look * 1_600);
      const other = transfers.takeNumber();
      transfers.begin(other, 1, async () => {});
      transfers.drop(other); // so that the link gets on
      vi.advanceTimersByTime(10_000);
    }
    expect(told).toEqual([]);
    vi.advanceTimersByTime(20_000);
    expect(told.length).toBe(2);
    expect(() => transfers.end(numbers[0] ?? 0)).toThrow(/only 96000 of 100000 bytes came/);
  });

  test("are given up although a byte comes now and then", async () => {
    const { told, send } = beginTwo();
    for (let second = 0; second < 60; second += 1) {
      await send(1, second);
      vi.advanceTimersByTime(1_000);
    }
    expect(told.length).toBe(2);
  });

  test("are waited for while another one on the link gets on", async () => {
    const { told, send } = beginTwo();
    for (let minute = 0; minute < 5; minute += 1) {
      await send(5_000, minute * 5_000);
      vi.advanceTimersByTime(55_000);
    }
    expect(told).toEqual([]);
  });

  test("are no matter once they have ended, and leave no timer", () => {
    const { transfers, told, numbers } = beginTwo();
    for (const number of numbers) transfers.drop(number);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(200_000);
    expect(told).toEqual([]);
  });
});
