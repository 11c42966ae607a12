import { expect, test } from "vitest";
import { FarmError } from "../../../src/core/errors.ts";
import { NoNodeTimeout } from "../../../src/farm/job/no-node-timeout.ts";

/** Lets whole seconds pass, and checks after each. @returns The second in which the limit was exceeded, if any */
function wait(limit: NoNodeTimeout, clock: { ms: number }, seconds: number): number | undefined {
  for (let second = 1; second <= seconds; second += 1) {
    clock.ms += 1_000;
    try {
      limit.look(7);
    } catch (error) {
      expect(error).toMatchObject({ code: "FARM_NO_NODE", exitCode: 3, message: expect.stringContaining("7 frames") });
      return second;
    }
  }
  return undefined;
}

function make(waitMs: number | undefined) {
  const clock = { ms: 0 };
  const fleet = { isClaimed: false, loadError: undefined as FarmError | undefined };
  const sleep = () => Promise.reject(new Error("It does not sleep"));
  const limit = new NoNodeTimeout({
    ...{ waitMs, fleet },
    clock: { monotonicMs: () => clock.ms, unixMs: () => 0, sleep },
  });
  return { clock, fleet, limit };
}

test("--wait ends when no node has had the job for that long", () => {
  const { clock, limit } = make(10_000);
  expect(wait(limit, clock, 100)).toBe(11);
});

test("without --wait it never ends", () => {
  const { clock, limit } = make(undefined);
  expect(wait(limit, clock, 100_000)).toBeUndefined();
});

test("the time while a node receives and opens the blendfile does not count", () => {
  const { clock, fleet, limit } = make(10_000);
  expect(wait(limit, clock, 9)).toBeUndefined();
  fleet.isClaimed = true;
  expect(wait(limit, clock, 3_600)).toBeUndefined();
  fleet.isClaimed = false;
  expect(wait(limit, clock, 100)).toBe(2); // it never joined, so the time before counts
});

test("a node that joins restarts the count", () => {
  const { clock, fleet, limit } = make(10_000);
  wait(limit, clock, 9);
  fleet.isClaimed = true;
  limit.joined();
  wait(limit, clock, 60);
  fleet.isClaimed = false;
  expect(wait(limit, clock, 100)).toBe(11);
});

test("if no reached node can load the file, the job waits one minute for unreached nodes", () => {
  const { clock, fleet, limit } = make(undefined);
  fleet.loadError = new FarmError("FARM_LOAD_FAILED", "Cannot open it", "Save it again");
  for (let second = 0; second < 60; second += 1) {
    clock.ms += 1_000;
    limit.look(undefined);
  }
  clock.ms += 1_000;
  expect(() => limit.look(undefined)).toThrow(fleet.loadError);
});
