import { describe, expect, test } from "vitest";
import { faultOf } from "../../src/farm/job/loop/error-blame.ts";
import {
  bounds,
  type JobOpened,
  NoMessageError,
  parseFromCoordinator,
  parseFromNode,
  parseHandshakeFromNode,
} from "../../src/session/protocol.ts";
import { type GoldenDirection, goldenMessages } from "../support/golden.ts";

const all = goldenMessages();
/** The coordinator reads three of the four directions; only a node reads `handshake-to-node`. */
const parsers: Record<Exclude<GoldenDirection, "handshake-to-node">, ((value: unknown) => { type: string })[]> = {
  "to-node": [parseFromCoordinator],
  "to-coordinator": [parseFromNode],
  both: [parseFromNode],
  "handshake-to-coordinator": [parseHandshakeFromNode],
};

test("the golden files cover every message of docs/protocol.md", () => {
  expect(all.map(({ type }) => type).sort()).toEqual(
    [
      ...["hello", "challenge", "prove", "welcome", "error", "heartbeat"],
      ...["node-info", "job-opened", "busy", "blob-state", "blob-stored", "blob-rejected", "job-loaded"],
      ...["blob-fetch", "blob-fetched", "blob-missing", "project-add", "project-added"],
      ...["blobs-query", "blobs-state", "blob-bundle", "bundle-stored", "bundle-rejected"],
      ...["job-load-failed", "slot-changed", "frame-started", "frame-progress", "frame-rendered", "frame-failed"],
      ...["frame-withdrawn", "result-begin", "result-end", "result-missing", "warning", "job-closed"],
      ...["job-open", "blob-query", "blob-begin", "blob-end", "job-load", "frame-assign", "frame-withdraw"],
      ...["frame-cancel", "result-fetch", "result-release", "job-close", "duplicate-id"],
      ...[
        "job-checks",
        "check-started",
        "check-done",
        "order-check",
        "order-checked",
        "job-bake",
        "job-baked",
        "job-mix",
        "job-mixed",
        "job-sampled",
        "bake-progress",
      ],
    ].sort(),
  );
});

describe.each(all.filter(({ direction }) => direction !== "handshake-to-node"))(
  "the golden file of $type",
  (golden) => {
    const parse = parsers[golden.direction as keyof typeof parsers];

    test("holds messages that are accepted unchanged", () => {
      for (const message of golden.valid) {
        for (const parser of parse) expect(parser(message)).toMatchObject({ type: golden.type });
      }
      expect(golden.valid.length).toBeGreaterThan(0);
    });

    test("holds messages that are refused", () => {
      const accepted = golden.invalid.filter((message) => parse.some((parser) => isAccepted(parser, message)));
      expect(accepted).toEqual([]);
      expect(golden.invalid.length).toBeGreaterThan(0);
    });
  },
);

describe("a parser refuses", () => {
  test.each([null, [], "text", 1, {}, { type: "never-heard-of" }, { type: "constructor" }])("%j", (value) => {
    expect(() => parseFromNode(value)).toThrow();
    expect(() => parseFromCoordinator(value)).toThrow();
    expect(() => parseHandshakeFromNode(value)).toThrow();
  });
});

test("parseFromNode() drops unknown fields, so that a minor addition needs no new version", () => {
  expect(parseFromNode({ type: "heartbeat", later: 1 })).toEqual({ type: "heartbeat" });
});

test("an error code that only a newer node knows does not end the link", () => {
  const error = { code: "COFFEE_MACHINE_ON_FIRE", message: "It burns", hint: "Put it out", log: [] };
  const failed = { type: "frame-failed", frame: 1, attempt: 0, slot: 0, error };
  expect(parseFromNode(failed)).toEqual(failed);
  expect(faultOf(error.code)).toBe("scene");
});

test("an error is understood during the handshake and after it", () => {
  const error = { type: "error", code: "WRONG_KEY", message: "no" };
  expect(parseHandshakeFromNode(error)).toEqual(error);
  expect(parseFromNode(error)).toEqual(error);
});

describe("what is wrong with a message is said in one short line:", () => {
  const valid = all.flatMap((golden) => golden.valid as Record<string, unknown>[]);
  const opened = valid.find((message) => message.type === "job-opened" && String(message.results) !== "") as JobOpened;
  const [result] = opened.results;
  const why = (message: object): string => {
    try {
      parseFromNode(message);
    } catch (error) {
      expect(error).toBeInstanceOf(NoMessageError);
      return (error as Error).message;
    }
    return "nothing";
  };

  test("only the first problem and where it is, however many there are", () => {
    expect(why({ ...opened, results: new Array(4_000).fill({}) })).toMatch(/^results\.0\.frame: \P{Cc}{1,280}$/u);
    expect(why({ ...opened, slots: [{ ...opened.slots[0], error: { code: "CRASHED", log: [1, 2] } }] })).toMatch(
      /^slots\.0\.error\./,
    );
  });

  test("only the length of a list that is too long", () => {
    const many = (count: number) => why({ ...opened, results: new Array(count).fill(result) });
    expect(many(bounds.heldResults)).toBe("nothing");
    expect(many(bounds.heldResults + 1)).toBe("results: it has 4097 elements instead of 0 to 4096");
    expect(why({ ...opened, results: "none" })).toBe("results: it is not a list");
    expect(why({ ...opened, results: undefined })).toBe("results: it is not a list");
  });

  test("never more than a line, whatever the values are", () => {
    expect(why({ ...opened, type: "x".repeat(10_000) }).length).toBeLessThanOrEqual(300);
  });
});

describe("Blender's version must be a version and nothing else:", () => {
  const info = all.find(({ type }) => type === "node-info")?.valid[0] as object;
  test.each(["3.4", "3.4.1", "2.83.20"])("%j is accepted", (blender) => {
    expect(parseFromNode({ ...info, blender })).toMatchObject({ blender });
  });
  test.each(["3.4.1\u009b2J", "3.4.1 LTS", "3.4.1\n", "3", "", "3.4.1.1"])("%j is refused", (blender) => {
    expect(() => parseFromNode({ ...info, blender })).toThrow(/^blender: /);
  });
});

function isAccepted(parser: (value: unknown) => unknown, message: unknown): boolean {
  try {
    parser(message);
    return true;
  } catch {
    return false;
  }
}

test("lists of files have at most 256 of them, and a bundle at most 1 MiB", () => {
  const sha256 = "ab".repeat(32);
  const of = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item);
  const accepts = (message: object) => isAccepted(parseFromCoordinator, message);
  const adding = (count: number) => ({
    type: "project-add",
    job: "cd".repeat(16),
    number: 0,
    files: of(count, { path: "a", sha256 }),
  });
  expect([1, 256, 257, 0].map((count) => accepts(adding(count)))).toEqual([true, true, false, false]);
  const asking = (count: number) => ({ type: "blobs-query", number: 0, blobs: of(count, { sha256, sizeBytes: 1 }) });
  expect([256, 257].map((count) => accepts(asking(count)))).toEqual([true, false]);
  const bundle = (count: number, sizeBytes: number) => ({
    ...asking(count),
    type: "blob-bundle",
    transfer: 0,
    blobs: of(count, { sha256, sizeBytes }),
  });
  const bundles = [
    bundle(256, 4096),
    bundle(256, 4097),
    bundle(257, 1),
    bundle(1, 1_048_576),
    bundle(1, 1_048_577),
    bundle(2, 0),
  ];
  expect(bundles.map(accepts)).toEqual([true, false, false, true, false, false]);
  const answer = (count: number) => ({ type: "blobs-state", number: 0, have: of(count, "all") });
  expect([256, 257].map((count) => isAccepted(parseFromNode, answer(count)))).toEqual([true, false]);
});
