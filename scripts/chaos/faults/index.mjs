import { coordinatorFaults } from "./coordinator.mjs";
import { deskFaults } from "./desk.mjs";
import { nodeFaults } from "./nodes.mjs";
import { slotFaults } from "./slots.mjs";

/** Every kind of fault. @type {readonly import("./fault.mjs").Fault[]} */
export const faults = [...nodeFaults, ...slotFaults, ...coordinatorFaults, ...deskFaults];
