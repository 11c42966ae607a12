import { assertNever } from "../core/errors.ts";
import { giveWork } from "./assignment.ts";
import { onFrameDoubted } from "./doubted-frames.ts";
import { conclude, onDrainRequested, onTrialEnded } from "./ending.ts";
import type { Instruction, SchedulerEvent } from "./events.ts";
import { forgiveInTime, keepOneUsable } from "./forgiveness.ts";
import { onNodeJoined, onNodeLost, onSlotLost, onSlotReady } from "./membership.ts";
import { onFrameRefused } from "./refused-frames.ts";
import {
  onAttemptDelayed,
  onAttemptFailed,
  onAttemptProgressed,
  onAttemptStarted,
  onAttemptWithdrawn,
} from "./reports.ts";
import {
  onAttemptRendered,
  onFetchStarted,
  onFrameStored,
  onResultArrived,
  onResultLost,
  onResultRefused,
} from "./results.ts";
import { Draft } from "./state/draft.ts";
import type { SchedulerState } from "./state/state.ts";
import { abandonSilent } from "./timeouts.ts";

export interface Step {
  readonly state: SchedulerState;
  readonly instructions: readonly Instruction[];
}

/**
 * The whole scheduler: takes one event and returns the new state and the instructions that follow.
 *
 * The given state is not changed, and the same state and event always give the same step. Late reports, repeated ones
 * and reports about unknown things are harmless. After the instruction `finish` only one event still has an effect:
 * that a frame of the complete job is not used after all.
 */
export function step(state: SchedulerState, event: SchedulerEvent): Step {
  if (state.isFinished && !reopens(state, event)) return { state, instructions: [] };
  const draft = new Draft(state, event);
  take(draft, event);
  keepOneUsable(draft);
  giveWork(draft, event.type === "tick");
  conclude(draft);
  return draft.finish();
}

function reopens({ frames }: SchedulerState, event: SchedulerEvent): boolean {
  const isAboutStored = event.type === "frame-refused" || event.type === "frame-doubted";
  return isAboutStored && frames.counts.stored === frames.size;
}

function take(draft: Draft, event: SchedulerEvent): void {
  switch (event.type) {
    case "node-joined":
      onNodeJoined(draft, event);
      break;
    case "node-lost":
      onNodeLost(draft, event);
      break;
    case "slot-ready":
      onSlotReady(draft, event);
      break;
    case "slot-lost":
      onSlotLost(draft, event);
      break;
    case "attempt-started":
      onAttemptStarted(draft, event);
      break;
    case "attempt-progressed":
      onAttemptProgressed(draft, event);
      break;
    case "attempt-delayed":
      onAttemptDelayed(draft, event);
      break;
    case "attempt-rendered":
      onAttemptRendered(draft, event);
      break;
    case "attempt-failed":
      onAttemptFailed(draft, event);
      break;
    case "attempt-withdrawn":
      onAttemptWithdrawn(draft, event);
      break;
    case "fetch-started":
      onFetchStarted(draft, event);
      break;
    case "result-arrived":
      onResultArrived(draft, event);
      break;
    case "frame-stored":
      onFrameStored(draft, event);
      break;
    case "result-refused":
      onResultRefused(draft, event);
      break;
    case "result-lost":
      onResultLost(draft, event);
      break;
    case "frame-refused":
      onFrameRefused(draft, event);
      break;
    case "frame-doubted":
      onFrameDoubted(draft, event);
      break;
    case "tick":
      abandonSilent(draft);
      forgiveInTime(draft);
      break;
    case "trial-ended":
      onTrialEnded(draft, event);
      break;
    case "drain-requested":
      onDrainRequested(draft);
      break;
    default:
      assertNever(event);
  }
}
