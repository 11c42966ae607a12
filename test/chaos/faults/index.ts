import { coordinatorFaults } from "./coordinators.ts";
import { encoderFaults } from "./encoders.ts";
import type { Fault } from "./fault.ts";
import { fileFaults } from "./files.ts";
import { nodeFaults } from "./nodes.ts";
import { slotFaults } from "./slots.ts";

/** Every kind of fault. The order decides what a seed plans. */
export const faults: readonly Fault[] = [
  ...[...nodeFaults, ...slotFaults],
  ...[...coordinatorFaults, ...encoderFaults, ...fileFaults],
];
