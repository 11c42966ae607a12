import { expect, test } from "vitest";
import { assertNever, FarmError, messageOf, systemCodeOf } from "../../src/core/errors.ts";

test("a FarmError has a code, a hint, a cause, and the exit code that the README documents", () => {
  const cause = new Error("deep");
  const error = new FarmError("FARM_NO_BLENDER", "Cannot", "Do", { cause });
  expect(error).toMatchObject({ code: "FARM_NO_BLENDER", hint: "Do", message: "Cannot", cause, name: "FarmError" });
  const exitCodes = {
    FARM_BAD_INPUT: 2,
    FARM_NO_NODE: 3,
    FARM_FRAMES_FAILED: 4,
    FARM_FFMPEG_EXITED: 5,
    FARM_INTERRUPTED: 130,
  } as const;
  for (const [code, exitCode] of Object.entries(exitCodes)) {
    expect(new FarmError(code as keyof typeof exitCodes, "", "").exitCode).toBe(exitCode);
  }
});

test("messageOf() and systemCodeOf() accept any thrown value", () => {
  expect(messageOf(new Error("a"))).toBe("a");
  expect(messageOf("b")).toBe("b");
  expect(messageOf(undefined)).toBe("undefined");
  expect(systemCodeOf(Object.assign(new Error(), { code: "ENOENT" }))).toBe("ENOENT");
  expect(systemCodeOf(Object.assign(new Error(), { code: 5 }))).toBeUndefined();
  expect(systemCodeOf({ code: "ENOENT" })).toBeUndefined();
});

test("assertNever() names the unhandled case", () => {
  expect(() => assertNever({ type: "new" } as never)).toThrow('Unhandled case: {"type":"new"}');
});
