import { expect, test } from "vitest";
import { backOffMs } from "../../src/core/back-off.ts";

test("backOffMs() doubles from half a second to 15 s and stays there", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 1000].map(backOffMs)).toEqual([
    ...[500, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000],
  ]);
});
