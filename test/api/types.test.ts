import { expectTypeOf, test } from "vitest";
import {
  type CompletedJob,
  type FarmEvent,
  type FarmListener,
  type JobRequest,
  type JobResult,
  type JobSettings,
  type RenderFlags,
  type RenderOptions,
  renderJob,
} from "../../src/index.ts";

test("a blendfile and an output are all that a job needs", () => {
  expectTypeOf(renderJob).toBeCallableWith({ blend: "a.blend", output: "a.mp4" });
  expectTypeOf<{ blend: string }>().not.toExtend<JobRequest>();
  expectTypeOf<{ blend: string; output: string; crf: string }>().not.toExtend<JobRequest>();
  expectTypeOf(renderJob).returns.resolves.toEqualTypeOf<JobResult>();
});

test("settings have the types of their options", () => {
  expectTypeOf<JobSettings["blend"]>().toEqualTypeOf<string>();
  expectTypeOf<JobSettings["slots"]>().toEqualTypeOf<number>();
  expectTypeOf<JobSettings["crf"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<JobSettings["overwrite"]>().toEqualTypeOf<boolean>();
  expectTypeOf<JobSettings["missing"]>().toEqualTypeOf<"fail" | "warn" | "ask">();
  expectTypeOf<JobSettings["order"]>().toEqualTypeOf<"sequential" | "reverse" | "spread">();
  // Options that only the command line has are not settings.
  expectTypeOf<
    keyof JobSettings & ("json" | "yes" | "plain" | "logLevel" | "farmspec" | "wait")
  >().toEqualTypeOf<never>();
  expectTypeOf<RenderFlags["crf"]>().toEqualTypeOf<number | undefined>();
});

test("an event is told apart by its type", () => {
  expectTypeOf<NonNullable<RenderOptions["onEvent"]>>().toEqualTypeOf<FarmListener>();
  expectTypeOf<Extract<FarmEvent, { type: "frame:stored" }>["frame"]>().toEqualTypeOf<number>();
  expectTypeOf<Extract<FarmEvent, { type: "job:completed" }>["frames"]>().toEqualTypeOf<CompletedJob["frames"]>();
});

test("a result is completed or interrupted", () => {
  expectTypeOf<JobResult["type"]>().toEqualTypeOf<"completed" | "interrupted" | "estimated">();
});
