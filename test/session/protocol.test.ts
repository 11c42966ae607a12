import { describe, expect, test } from "vitest";
import { parseFromCoordinator, parseFromNode, parseHandshakeFromNode } from "../../src/session/protocol.ts";
import { type GoldenDirection, goldenMessages } from "../support/golden.ts";

const all = goldenMessages();
/** The coordinator reads three of the four directions; `handshake-to-node` only a node reads. */
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
      ...["job-load-failed", "slot-changed", "frame-started", "frame-progress", "frame-rendered", "frame-failed"],
      ...["frame-withdrawn", "result-begin", "result-end", "result-missing", "warning", "job-closed"],
      ...["job-open", "blob-query", "blob-begin", "blob-end", "job-load", "frame-assign", "frame-withdraw"],
      ...["frame-cancel", "result-fetch", "result-release", "job-close"],
    ].sort(),
  );
});

describe.each(all.filter(({ direction }) => direction !== "handshake-to-node"))(
  "the golden file of $type",
  (golden) => {
    const parse = parsers[golden.direction as keyof typeof parsers];

    test("holds messages that are accepted as they are", () => {
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

test("parseFromNode() drops fields it does not know, so that a minor addition needs no new version", () => {
  expect(parseFromNode({ type: "heartbeat", later: 1 })).toEqual({ type: "heartbeat" });
});

test("an error is understood within the handshake and after it", () => {
  const error = { type: "error", code: "WRONG_KEY", message: "no" };
  expect(parseHandshakeFromNode(error)).toEqual(error);
  expect(parseFromNode(error)).toEqual(error);
});

function isAccepted(parser: (value: unknown) => unknown, message: unknown): boolean {
  try {
    parser(message);
    return true;
  } catch {
    return false;
  }
}
