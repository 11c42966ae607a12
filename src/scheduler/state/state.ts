import type { Frame, NodeId, SlotId } from "../../core/node.ts";
import { compareIds, compareNumbers, SortedMap } from "../collections/sorted-map.ts";
import { defaultPolicy, type SchedulingPolicy } from "../policy.ts";
import { FrameTable } from "./frame-table.ts";
import { type Indices, noIndices } from "./indices.ts";

/** `assigned` waits in a slot's queue of one, `running` renders, `rendered` has a result that is being fetched. */
type AttemptStatus = "assigned" | "running" | "rendered";

/**
 * Whether an attempt is being taken back.
 *
 * `withdrawing`: asked back, but the frame still counts on it until the node answers.
 * `disregarded`: its frame no longer waits for it; it is listed only because it still occupies its slot.
 */
type Recall = "none" | "withdrawing" | "disregarded";

/** An attempt that a node still has. It is live unless it is disregarded. */
export interface LiveAttempt {
  readonly attempt: number;
  readonly frame: Frame;
  readonly node: NodeId;
  /** `null` for a result that was held when the node joined. */
  readonly slot: SlotId | null;
  readonly status: AttemptStatus;
  readonly recall: Recall;
  readonly startedAt: number | null;
  /**
   * The latest sign that it goes on: of an assigned attempt since when nothing stands before it in its slot, of a rendered
   * one since when its result is there, of one that is being taken back since when.
   */
  readonly progressedAt: number;
  /** When a running attempt was expected to end as it began: by the frame times known then, at once without any. */
  readonly dueAt: number;
  /** When the bytes of its result were asked for; `null` before. */
  readonly fetchedAt: number | null;
  /** Whether all bytes of its result have come: what is left to do is our own. */
  readonly isHere: boolean;
  /** Render time as the node tells it, and no longer than it was seen to run; `null` until then, and for adopted results. */
  readonly seconds: number | null;
}

export interface Slot {
  readonly slot: SlotId;
  /** Whether it takes attempts. One that was given up is never ready again on this link, whatever its node says. */
  readonly isReady: boolean;
  /** Attempts that it gave back since it last began one. */
  readonly unstartedInARow: number;
  /** Numbers of the attempts that occupy it. */
  readonly running: number | null;
  readonly assigned: number | null;
}

export interface NodeRecord {
  readonly node: NodeId;
  readonly isJoined: boolean;
  readonly slots: SortedMap<SlotId, Slot>;
  /** Since when it has no ready slot, or no link; `null` while it has one. */
  readonly unreadySince: number | null;
  readonly barredAt: number | null;
  /** Codes of the failures since it last stored a frame. */
  readonly failuresInARow: readonly string[];
  /** Attempts since it last stored a frame that began, and ended without anybody's fault and without being asked to. */
  readonly blamelessInARow: number;
  readonly storedCount: number;
  readonly frameMs: RecentTimes;
  /** From a result's being there to its being stored. */
  readonly fetchMs: RecentTimes;
}

/** The latest of some times, oldest first, and their median (`null` without any). */
export interface RecentTimes {
  readonly latest: readonly number[];
  readonly median: number | null;
}

/** Everything the scheduler knows. Only `step` makes new ones; a state is never changed. */
export interface SchedulerState {
  readonly policy: SchedulingPolicy;
  readonly frames: FrameTable;
  readonly nodes: SortedMap<NodeId, NodeRecord>;
  /** By attempt number. */
  readonly attempts: SortedMap<number, LiveAttempt>;
  /** What a step finds by its order instead of walking over the three above; see there. */
  readonly indices: Indices;
  readonly firstAttempt: number;
  /** No frame is given to anybody before this time. */
  readonly handsOutFrom: number;
  readonly nextAttempt: number;
  readonly frameMs: RecentTimes;
  readonly fetchMs: RecentTimes;
  /** The node that stored a frame last, and the last one before it that is another node. */
  readonly lastStored: readonly { readonly node: NodeId; readonly at: number }[];
  /** Error codes for which the scene was announced to be at fault. */
  readonly sceneCodes: ReadonlySet<string>;
  readonly isDraining: boolean;
  readonly isFinished: boolean;
}

export interface SchedulerConfig {
  /** Each frame of the job once, in the order in which it is to be handed out. */
  readonly frames: readonly Frame[];
  /** Frames that an earlier run stored. Others than the job's do not matter. */
  readonly alreadyStored?: ReadonlySet<Frame>;
  /**
   * The first attempt number of this run. It must be above every number an earlier run of the job may have used, also
   * those it lost the record of: nodes may still be rendering them.
   *
   * @default {1}
   */
  readonly firstAttempt?: number;
  /**
   * When the first frame is handed out, in the time of the events, at the next of them: nodes that kept the job may say
   * until then what they hold, so that nobody else begins it.
   *
   * @default {0}
   */
  readonly handsOutFrom?: number;
  /** Numbers that differ from the default policy. */
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
    isDraining: false,
    isFinished: false,
  };
}
