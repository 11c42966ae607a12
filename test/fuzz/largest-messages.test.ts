import { expect, test, vi } from "vitest";
import { messageOf } from "../../src/core/errors.ts";
import { bounds, parseFromNode, parseHandshakeFromNode } from "../../src/session/protocol.ts";
import { largestOf } from "../support/fuzz/fuzz-largest.ts";
import { refusal } from "../support/fuzz/fuzz-run.ts";
import { goldenMessages } from "../support/golden.ts";

vi.setConfig({ testTimeout: 300_000 });

/** A list of 350,000 empty objects alone takes 25 MB; the error about it must add next to nothing. */
const mostMegabytes = 100;
const longestReason = 300;

const readers = {
  "to-coordinator": { parse: parseFromNode, sizeBytes: bounds.textBytes },
  both: { parse: parseFromNode, sizeBytes: bounds.textBytes },
  "handshake-to-coordinator": { parse: parseHandshakeFromNode, sizeBytes: bounds.handshakeTextBytes },
};

test("a message of the largest size costs little, whatever it holds, and is refused in one short line", () => {
  const rssBefore = process.resourceUsage().maxRSS;
  let [count, bytes, refused, longest] = [0, 0, 0, 0];
  let slowest = { ms: 0, what: "" };
  let largest = { megabytes: 0, what: "" };
  for (const { type, direction, valid } of goldenMessages()) {
    if (direction === "to-node" || direction === "handshake-to-node") continue;
    const { parse, sizeBytes } = readers[direction];
    // The longest example has the most places for too much data.
    const [message] = [...valid].sort((one, other) => JSON.stringify(other).length - JSON.stringify(one).length);
    for (const { how, text } of largestOf(message as object, sizeBytes)) {
      const what = `${type}: ${how}`;
      expect(Buffer.byteLength(text), what).toBeLessThanOrEqual(sizeBytes);
      const heapBefore = process.memoryUsage().heapUsed;
      const startedMs = performance.now();
      try {
        parse(JSON.parse(text));
      } catch (error) {
        refusal(error);
        refused++;
        longest = Math.max(longest, messageOf(error).length);
      }
      const ms = performance.now() - startedMs;
      const megabytes = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
      bytes += Buffer.byteLength(text);
      if (ms > slowest.ms) slowest = { ms, what };
      if (megabytes > largest.megabytes) largest = { megabytes, what };
      count++;
    }
  }
  const grown = (process.resourceUsage().maxRSS - rssBefore) / 1024;
  console.log(
    `fuzz: ${count} of the largest messages, ${(bytes / 1e6).toFixed(0)} MB: 0 crashes, ${refused} refused in up to ${longest} characters, ` +
      `the slowest in ${slowest.ms.toFixed(0)} ms (${slowest.what}), ` +
      `the largest +${largest.megabytes.toFixed(0)} MB (${largest.what}), peak +${grown.toFixed(0)} MB`,
  );
  expect(refused).toBeGreaterThan(count * 0.8);
  expect(longest).toBeLessThanOrEqual(longestReason);
  expect(largest.megabytes).toBeLessThan(mostMegabytes);
});
