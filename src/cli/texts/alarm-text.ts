import { type FarmEvent, printable } from "../../index.ts";

/** What is over, for people. */
export function alarmEndedText({ name, was }: Extract<FarmEvent, { type: "alarm:ended" }>): string {
  return was === "unreachable" ? `Node ${printable(name)} answers now` : `Node ${printable(name)} takes part after all`;
}
