import { keepAwake } from "../system/programs/awake.ts";
import type { FarmListener } from "./events.ts";

/**
 * Keeps this machine awake for a job, and reports it.
 *
 * @param allowSleep If set, does nothing
 * @returns Must be disposed of with the job
 */
export function stayAwake(allowSleep: boolean, tell: FarmListener): AsyncDisposable | undefined {
  if (allowSleep) return undefined;
  return keepAwake({
    onAwake: () => tell({ type: "machine:awake" }),
    onRefused: (why) => {
      const message = `This machine may fall asleep before the job ends: ${why}. Switch sleep off in its settings`;
      tell({ type: "warning", code: "MAY_SLEEP", message, name: null });
    },
  });
}
