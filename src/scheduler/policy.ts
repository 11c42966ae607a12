const seconds = 1000;
const minutes = 60 * seconds;

/** Every number by which the scheduler decides. docs/scheduling.md gives the reasons at length. */
export interface SchedulingPolicy {
  /** A frame has failed after failing on this many different nodes for a reason that is not the node's own. */
  readonly nodesThatFailAFrame: number;
  /** A frame that failed on every usable node has failed once it failed this many times in all. */
  readonly failuresThatFailAFrame: number;
  /** The same error code on this many different nodes is the scene's fault: trying on would change nothing. */
  readonly nodesThatBlameTheScene: number;
  /**
   * Attempts of a frame that may be lost while they ran (link, slot, result) before the frame is suspected itself, if it
   * had its chance on every usable node.
   */
  readonly lossesThatFailAFrame: number;
  /** A frame that was lost this often on one node goes to others as long as there are any. */
  readonly lossesOnANode: number;
  /** Attempts of a frame that may begin to render, whatever becomes of them: the last bound on any loop. */
  readonly attemptsPerFrame: number;
  /** Attempts of a frame at once: the second is a race against a slow or silent first. One that overstays does not count. */
  readonly liveAttemptsPerFrame: number;
  /** Times an assigned attempt of a frame may be moved to another slot. */
  readonly movesPerFrame: number;
  /** Failures in a row, without a stored frame between them, that bar a node. */
  readonly failuresThatBarANode: number;
  /** Blameless ends in a row of attempts that had begun (results lost, slots lost) after which they are a node's failures. */
  readonly blamelessEndsInARow: number;
  /** Attempts in a row that a slot may give back without having begun one: then it is given no more on this link. */
  readonly unstartedEndsInARow: number;
  /** Results of earlier runs that are taken up from one node for one frame, repeats after a loss included. */
  readonly previousRunAttemptsPerFrame: number;
  /** A barred node is tried again after this time, if another one finishes frames. */
  readonly forgivenessMs: number;
  /** A node without link or ready slot still counts as one of the job's for this time: it is expected back. */
  readonly absenceMs: number;
  /** A frame whose attempt was asked back is no longer held up by a node that does not answer for this time. */
  readonly answerMs: number;
  /** An attempt without progress is given up after this time at the least … */
  readonly progressTimeoutMs: number;
  /** … and after this many times the median frame time, if that is longer. */
  readonly progressTimeoutFrames: number;
  /** An attempt that outran its expected time is expected to need this share of its age again. */
  readonly overdueShare: number;
  /** A result that is on its way for no longer than this is not raced, however short the frames are. */
  readonly fetchGraceMs: number;
  /** Frame and fetch times that are remembered for a median, per node and for the job. */
  readonly rememberedTimes: number;
  /** Attempt numbers of one run. The next run begins above them, whatever this one did not live to write down. */
  readonly attemptsPerRun: number;
}

/** The policy of every job; tests change single numbers of it. */
export const defaultPolicy: SchedulingPolicy = {
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
