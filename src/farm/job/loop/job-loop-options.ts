import type { Overrides } from "../../../config/overrides.ts";
import type { Clock } from "../../../core/clock.ts";
import type { FarmError } from "../../../core/errors.ts";
import type { Frame, NodeId } from "../../../core/node.ts";
import type { FrameStore } from "../../../frames/frame-store.ts";
import type { SchedulerState } from "../../../scheduler/state/state.ts";
import type { FarmListener } from "../../events.ts";
import type { JoinedNode, Worker } from "../../worker.ts";
import type { AttemptCounts } from "../attempt-counts.ts";
import type { DoubtedFrames } from "../doubted-frames.ts";
import type { JobTotals } from "../job-totals.ts";
import type { NoNodeTimeout } from "../no-node-timeout.ts";
import type { Samples } from "../samples.ts";
import type { CheckPlan, SpotChecks } from "../spot-checks.ts";
import type { JobInputs } from "./job-inputs.ts";
import type { RunJournal } from "./run-journal.ts";

/** What the job loop works with. */
export interface JobLoopOptions {
  readonly state: SchedulerState;
  readonly inputs: JobInputs;
  readonly store: FrameStore;
  /** Takes each frame once it is stored. */
  readonly output: { encoded(): number; accept(frame: Frame): void };
  readonly totals: JobTotals;
  readonly journal: RunJournal;
  readonly checks: SpotChecks;
  readonly samples: Samples;
  /** Stored frames that are being taken out of the store: until then the job has not ended. */
  readonly doubted: DoubtedFrames;
  /** Which checks the nodes are asked for; `null` for none. */
  readonly checkPlan: CheckPlan | null;
  readonly earlierAttempts: AttemptCounts;
  /** Digest of the files that only this frame needs; `null` without any. */
  readonly filesOf: (frame: Frame) => string | null;
  /** What the job renders otherwise than its blendfile says: nodes may warn of these. */
  readonly overrides: Overrides | null;
  readonly noNodeTimeout: NoNodeTimeout;
  readonly fleet: {
    /** Whether a node may still join. If none is left and none can join, the job cannot continue. */
    readonly isAlive: boolean;
    nameOf(node: NodeId): string;
    exclude(node: NodeId, reason: FarmError): void;
  };
  /** Why a node that has opened the blendfile must be excluded; `undefined` if it need not be. */
  readonly exclusionOf: (node: JoinedNode) => FarmError | undefined;
  /** Called with each node that takes part. */
  readonly onJoined: (worker: Worker) => void;
  readonly tell: FarmListener;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
