import { expect, test } from "vitest";
import { roughDuration, timeLeftText } from "../../../src/cli/texts/time-left.ts";

const minute = 60_000;
const hour = 60 * minute;

const about = (ms: number, share: number) => timeLeftText({ ms, least: ms / (1 + share), most: ms * (1 + share) });

test("a sure estimate is one time in round numbers, an unsure one is a range", () => {
  expect(about(3 * minute, 0.1)).toBe("about 3 min");
  expect(about(3 * minute, 0.4)).toBe("2–5 min");
  expect(about(3 * minute, 2)).toBe("1–9 min");
  expect(about(44_000, 0.1)).toBe("about 45 s");
  expect(about(1.7 * minute, 0.1)).toBe("about 100 s");
  expect(about(97 * minute, 0.1)).toBe("about 1.5 h");
  expect(about(97 * minute, 0.7)).toBe("0.5–3 h");
  expect(about(20 * hour, 0.3)).toBe("15–26 h");
  expect(about(80 * hour, 0.02)).toBe("about 3.5 days");
});

test("a range that begins below its unit has only an end, and the end of a job is a few seconds", () => {
  expect(timeLeftText({ ms: 100_000, least: 20_000, most: 5 * minute })).toBe("up to 5 min");
  expect(about(4_000, 0.5)).toBe("a few seconds");
  expect(about(-4_000, 0.5)).toBe("a few seconds");
});

test("time that has passed since the estimate counts", () => {
  const eta = { ms: 5 * minute, least: 4.8 * minute, most: 5.2 * minute };
  expect(timeLeftText(eta)).toBe("about 5 min");
  expect(timeLeftText(eta, { dash: "-" }, 3 * minute)).toBe("about 2 min");
  expect(timeLeftText({ ...eta, least: 2 * minute }, { dash: "-" }, minute)).toBe("1-5 min");
  expect(timeLeftText(eta, { dash: "-" }, 50 * minute)).toBe("a few seconds");
});

test("a rough duration has two digits that count at most, up to days", () => {
  for (let ms = 1_000; ms < 48 * hour; ms *= 1.07)
    expect(roughDuration(ms)).toMatch(/^(\d{1,2}(\.5)?|1\d0) (s|min|h)$/);
});
