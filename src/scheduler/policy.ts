const seconds = 1000;
const minutes = 60 * seconds;

/** All numbers that the scheduler decides by. docs/scheduling.md gives the reasons in full. */
export interface SchedulingPolicy {
  /**
   * Whether each slot continues with the frame after its last one: for scenes that are simulated while they are rendered,
   * where a slot has to play up to each frame.
   */
  readonly inRuns: boolean;
  /** A frame has failed after failures on this many different nodes that are not the nodes' own fault. */
  readonly nodesThatFailAFrame: number;
  /** A frame that failed on every usable node has failed after this many failures in total. */
  readonly failuresThatFailAFrame: number;
  /** The same error code on this many different nodes is the scene's fault: more attempts would not help. */
  readonly nodesThatBlameTheScene: number;
  /**
   * Attempts at a frame that may be lost (with their link, slot or result) before the frame itself is suspected, if it
   * has had its chance on every usable node.
   */
  readonly lossesThatFailAFrame: number;
  /** After this many losses on one node a frame goes to other nodes, as long as there are any. */
  readonly lossesOnANode: number;
  /** Attempts at a frame that may start, whatever happens to them: the final limit of every loop. */
  readonly attemptsPerFrame: number;
  /**
   * Simultaneous attempts at a frame: the second one races a slow or silent first one. An overstaying one does not
   * count.
   */
  readonly liveAttemptsPerFrame: number;
  /** How often a frame's assigned attempt may be moved to another slot. */
  readonly movesPerFrame: number;
  /** Failures in a row, without a stored frame in between, that bar a node. */
  readonly failuresThatBarANode: number;
  /**
   * After this many blameless ends of started attempts in a row (results or slots lost), they count as the node's
   * failures.
   */
  readonly blamelessEndsInARow: number;
  /** Attempts in a row that a slot may give back unstarted. After that it gets no more on this link. */
  readonly unstartedEndsInARow: number;
  /** Results of earlier runs that are adopted from one node for one frame, including repeats after a loss. */
  readonly previousRunAttemptsPerFrame: number;
  /** A barred node takes part again after this time, if another one stores frames. */
  readonly forgivenessMs: number;
  /** For this time a node without a link or ready slot still counts as usable, because it is expected to come back. */
  readonly absenceMs: number;
  /** How long a frame waits for a node's answer after its attempt was withdrawn. */
  readonly answerMs: number;
  /** An attempt without progress is abandoned after this time at the earliest … */
  readonly progressTimeoutMs: number;
  /** … or after this many times the median frame time, if that is longer. */
  readonly progressTimeoutFrames: number;
  /** An attempt that exceeds its expected time is expected to need this fraction of its age in addition. */
  readonly overdueShare: number;
  /** A result is not raced during this time of its transfer, however short the frames are. */
  readonly fetchGraceMs: number;
  /** How many frame and fetch times a median is taken of, per node and for the job. */
  readonly rememberedTimes: number;
  /**
   * Attempt numbers of one run. The next run starts above them, even if this run is killed before it records its own.
   */
  readonly attemptsPerRun: number;
}

/** The policy of all jobs; tests change single numbers. */
export const defaultPolicy: SchedulingPolicy = {
  inRuns: false,
  nodesThatFailAFrame: 3,
  failuresThatFailAFrame: 3,
  nodesThatBlameTheScene: 2,
  lossesThatFailAFrame: 10,
  lossesOnANode: 3,
  attemptsPerFrame: 64,
  liveAttemptsPerFrame: 2,
  movesPerFrame: 10,
  failuresThatBarANode: 3,
  blamelessEndsInARow: 10,
  unstartedEndsInARow: 10,
  previousRunAttemptsPerFrame: 3,
  forgivenessMs: 10 * minutes,
  absenceMs: 2 * minutes,
  answerMs: 1 * minutes,
  progressTimeoutMs: 10 * minutes,
  progressTimeoutFrames: 10,
  overdueShare: 0.5,
  fetchGraceMs: 5 * seconds,
  rememberedTimes: 31,
  attemptsPerRun: 1_000_000,
};
