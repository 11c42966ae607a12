import type { Frame, NodeId, SlotId } from "../../core/node.ts";
import { compareIds, compareNumbers, SortedMap } from "../collections/sorted-map.ts";
import { defaultPolicy, type SchedulingPolicy } from "../policy.ts";
import { FrameTable } from "./frame-table.ts";
import { type Indices, noIndices } from "./indices.ts";

/** `assigned` waits in a slot's queue of one, `running` renders, `rendered` has a result that is being fetched. */
type AttemptStatus = "assigned" | "running" | "rendered";

/**
 * Whether an attempt is being withdrawn.
 *
 * `withdrawing`: the node was asked to give it back, and its frame waits for the answer.
 * `disregarded`: its frame no longer waits for it; it is listed only because it still occupies its slot.
 */
type Recall = "none" | "withdrawing" | "disregarded";

/** An attempt that a node still has. It is live unless it is disregarded. */
export interface LiveAttempt {
  readonly attempt: number;
  readonly frame: Frame;
  readonly node: NodeId;
  /** `null` for a result that the node already had when it joined. */
  readonly slot: SlotId | null;
  readonly status: AttemptStatus;
  readonly recall: Recall;
  readonly startedAt: number | null;
  /**
   * When its timeout last started again: at each progress report; for an assigned attempt when it became the next one
   * in its slot; for a rendered one when its result was there; for a withdrawn or disregarded one at that moment.
   */
  readonly progressedAt: number;
  /** When a running attempt was expected to end, estimated at its start; its start if no frame time was known. */
  readonly dueAt: number;
  /** When the node was asked for the bytes of its result; `null` before. */
  readonly fetchedAt: number | null;
  /** Whether all bytes of its result have arrived. */
  readonly isHere: boolean;
  /** Render time as reported, at most the time that it was seen to run; `null` before, and for adopted results. */
  readonly seconds: number | null;
}

export interface Slot {
  readonly slot: SlotId;
  /** Whether it takes attempts. An excluded slot is never ready again on this link, whatever its node reports. */
  readonly isReady: boolean;
  /** Attempts that it gave back since it last started one. */
  readonly unstartedInARow: number;
  /** Numbers of the attempts in the slot. */
  readonly running: number | null;
  readonly assigned: number | null;
  /** The frame that it was assigned last; `null` before. */
  readonly latest: Frame | null;
}

export interface NodeRecord {
  readonly node: NodeId;
  readonly isJoined: boolean;
  readonly slots: SortedMap<SlotId, Slot>;
  /** Since when it has had no ready slot or no link; `null` while it has one. */
  readonly unreadySince: number | null;
  readonly barredAt: number | null;
  /** Codes of its failures since it last stored a frame. */
  readonly failuresInARow: readonly string[];
  /** Started attempts since it last stored a frame that ended without anybody to blame and without an order to end. */
  readonly blamelessInARow: number;
  readonly storedCount: number;
  readonly frameMs: RecentTimes;
  /** Times from the end of a render until its result was stored. */
  readonly fetchMs: RecentTimes;
}

/** Recent times, oldest first, and their median (`null` if there are none). */
export interface RecentTimes {
  readonly latest: readonly number[];
  readonly median: number | null;
}

/** Everything that the scheduler knows. Immutable; `step` makes new ones. */
export interface SchedulerState {
  readonly policy: SchedulingPolicy;
  readonly frames: FrameTable;
  readonly nodes: SortedMap<NodeId, NodeRecord>;
  /** By attempt number. */
  readonly attempts: SortedMap<number, LiveAttempt>;
  /** Sorted views of the three above; see there. */
  readonly indices: Indices;
  readonly firstAttempt: number;
  /** No frame is assigned before this time. */
  readonly handsOutFrom: number;
  readonly nextAttempt: number;
  readonly frameMs: RecentTimes;
  readonly fetchMs: RecentTimes;
  /** The node that stored the most recent frame, and before it the most recent other node. */
  readonly lastStored: readonly { readonly node: NodeId; readonly at: number }[];
  /** Error codes for which the scene has been announced as at fault. */
  readonly sceneCodes: ReadonlySet<string>;
  /** The only frames that are assigned for now; `null` if any may be. */
  readonly trial: ReadonlySet<Frame> | null;
  readonly isDraining: boolean;
  readonly isFinished: boolean;
}

export interface SchedulerConfig {
  /** Each frame of the job once, in the order in which they are to be assigned. */
  readonly frames: readonly Frame[];
  /** Frames that an earlier run stored. Frames that are not in the job are ignored. */
  readonly alreadyStored?: ReadonlySet<Frame>;
  /**
   * The first attempt number of this run. It must be above every number that an earlier run may have used, even without
   * a record of it: nodes may still be rendering those attempts.
   *
   * @default {1}
   */
  readonly firstAttempt?: number;
  /**
   * The earliest time of the first assignment, on the events' scale. Until then, nodes that kept the job can report
   * what they have, so that nobody else starts those frames.
   *
   * @default {0}
   */
  readonly handsOutFrom?: number;
  /** The only frames that are assigned before `trial-ended`; `null` or absent for any. */
  readonly trial?: readonly Frame[] | null;
  /** Changes to the default policy. */
  readonly policy?: Partial<SchedulingPolicy>;
}

export const noSlots: SortedMap<SlotId, Slot> = SortedMap.empty(compareNumbers, ({ slot }) => slot);

export const noTimes: RecentTimes = { latest: [], median: null };

/** The state of a job before its first event: nothing is assigned, no node is known. */
export function createState(config: SchedulerConfig): SchedulerState {
  const firstAttempt = config.firstAttempt ?? 1;
  return {
    policy: { ...defaultPolicy, ...config.policy },
    frames: FrameTable.of(config.frames, config.alreadyStored ?? new Set()),
    nodes: SortedMap.empty(compareIds, ({ node }) => node),
    attempts: SortedMap.empty(compareNumbers, ({ attempt }) => attempt),
    indices: noIndices,
    firstAttempt,
    handsOutFrom: config.handsOutFrom ?? 0,
    nextAttempt: firstAttempt,
    frameMs: noTimes,
    fetchMs: noTimes,
    lastStored: [],
    sceneCodes: new Set(),
    trial: config.trial ? new Set(config.trial) : null,
    isDraining: false,
    isFinished: false,
  };
}
