import { expect, test } from "vitest";
import { isNotified } from "../../../src/cli/ending/after-job.ts";
import { notificationOf } from "../../../src/cli/ending/notification.ts";

const done = { frames: 24, reused: 0, seconds: 187, nodes: [], warnings: [] };

test("a notification says in a few words how the job has ended", () => {
  expect(notificationOf({ type: "job:completed", output: "/f/out/film.mp4", ...done })).toEqual({
    title: "renderfarm: done",
    text: "24 frames in 3:07: film.mp4",
  });
  expect(notificationOf({ type: "job:completed", output: "/f/pictures/", ...done }).text).toMatch(/: pictures$/);
  expect(notificationOf({ type: "job:interrupted", missing: 1 }).text).toBe("The job has stopped with 1 frame to go");
  expect(notificationOf({ type: "job:interrupted", missing: null }).text).toBe("The job has stopped");
  const message = `Cannot render:\n  ${"a file is missing, ".repeat(30)}\u001b[2J`;
  const failed = notificationOf({ type: "job:failed", code: "FARM_FILES_MISSING", message, hint: "" });
  expect(failed.title).toBe("renderfarm: failed");
  expect(failed.text).toMatch(/^Cannot render: a file is missing, .*…$/);
  expect(failed.text).toHaveLength(200);
});

test("people are told of the end of a job after more than a minute, on a terminal, outside a CI, unless they object", () => {
  const seat = { hasTerminal: true, environment: {} };
  expect(isNotified(61_000, {}, seat)).toBe(true);
  expect(isNotified(61_000, { notify: true }, seat)).toBe(true);
  expect(isNotified(59_000, {}, seat)).toBe(false);
  expect(isNotified(61_000, { notify: false }, seat)).toBe(false);
  expect(isNotified(61_000, {}, { ...seat, hasTerminal: false })).toBe(false);
  expect(isNotified(61_000, {}, { ...seat, environment: { CI: "true" } })).toBe(false);
});
