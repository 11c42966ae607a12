import { describe, expect, test } from "vitest";
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
