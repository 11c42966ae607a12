import { allFilings } from "./filing.ts";
import type { FrameRecord } from "./frame-table.ts";
import type { IndexName } from "./indices.ts";
import { historyOfThisRun, liveAttempts } from "./queries.ts";
import type { LiveAttempt, NodeRecord, SchedulerState } from "./state.ts";

/**
 * Checks everything that must be true after every step, whatever the events were. It walks over the whole job, so it is
 * for tests and for examining a recorded run.
 *
 * @throws {Error} Naming the first invariant that does not hold
 */
export function checkInvariants(state: SchedulerState): void {
  checkFrames(state);
  for (const attempt of state.attempts.values()) checkAttempt(state, attempt);
  checkNumbers(state);
  for (const node of state.nodes.values()) checkNode(state, node);
  checkLastUsable(state);
  checkIndices(state);
}

function checkFrames(state: SchedulerState): void {
  const counts = { queued: 0, active: 0, stored: 0, failed: 0 };
  const used = new Set<number>();
  for (const record of state.frames.records()) {
    counts[record.status]++;
    if (record.history.length > 0) checkHistory(state, record, used);
    else must(record.status !== "active" && record.status !== "failed", `frame ${record.frame} has had no attempt`);
  }
  // Each frame has one record with one status, so the four are disjoint; their sum must be the job.
  for (const status of ["queued", "active", "stored", "failed"] as const) {
    must(counts[status] === state.frames.counts[status], `${counts[status]} frames are ${status}, counted otherwise`);
  }
  const sum = counts.queued + counts.active + counts.stored + counts.failed;
  must(sum === state.frames.size, `${sum} frames have a status, the job has ${state.frames.size}`);
}

function checkHistory(state: SchedulerState, record: FrameRecord, used: Set<number>): void {
  const { frame, history } = record;
  for (const { attempt, end, node, error } of history) {
    // This run is not responsible for the numbers of earlier runs.
    must(!used.has(attempt) || attempt < state.firstAttempt, `attempt number ${attempt} is used twice`);
    used.add(attempt);
    must(attempt < state.nextAttempt, `attempt ${attempt} is numbered above the next one`);
    must((end === "failed") === (error !== null), `attempt ${attempt} ended ${end} with the wrong error`);
    const listed = state.attempts.get(attempt);
    const isLive = listed?.frame === frame && listed.node === node && listed.recall !== "disregarded";
    must(isLive === (end === "open"), `attempt ${attempt} of frame ${frame} is ${end}, its node says otherwise`);
  }
  const live = liveAttempts(state, record);
  const isActive = record.status === "active";
  must(isActive === live.length > 0, `frame ${frame} is ${record.status} with ${live.length} live attempts`);
  const { policy } = state;
  const working = live.filter(({ status }) => status !== "rendered");
  // More attempts only if the earlier ones overstay, and then each on a different node.
  const isEachAlone = new Set(working.map(({ node }) => node)).size === working.length;
  const isBounded = working.length <= policy.liveAttemptsPerFrame || isEachAlone;
  must(isBounded, `frame ${frame} is worked at by ${working.length} attempts at once`);
  const started = historyOfThisRun(state, record).filter(({ hasStarted }) => hasStarted).length;
  must(record.status !== "failed" || started > 0, `frame ${frame} failed, and never started`);
  const permitted = policy.attemptsPerFrame + policy.liveAttemptsPerFrame - 1;
  must(started <= permitted, `frame ${frame} started ${started} times, ${permitted} are permitted`);
}

function checkAttempt(state: SchedulerState, attempt: LiveAttempt): void {
  const { frame, node: id, recall, slot: slotId, status } = attempt;
  const name = `attempt ${attempt.attempt}`;
  const node = state.nodes.get(id);
  must(node?.isJoined, `${name} is listed on a node that has not joined`);
  const entry = state.frames.get(frame)?.history.find((other) => other.attempt === attempt.attempt);
  must(recall === "disregarded" || entry?.end === "open", `${name} is live, and its frame does not know it`);
  must(recall !== "withdrawing" || status === "assigned", `${name} is ${status} and being withdrawn`);
  if (status === "rendered") {
    must(recall === "none", `${name} is rendered and disregarded, and nobody released it`);
    return;
  }
  const slot = slotId === null ? undefined : node?.slots.get(slotId);
  must(slot?.[status] === attempt.attempt, `${name} is ${status}, and its slot holds something else`);
  must(node?.barredAt === null || recall !== "none", `${name} continues although its node is barred`);
}

function checkNumbers({ attempts, firstAttempt, nextAttempt, policy }: SchedulerState): void {
  const given = nextAttempt - firstAttempt;
  must(given <= policy.attemptsPerRun, `${given} attempt numbers were given, the run has ${policy.attemptsPerRun}`);
  const unknown = [...attempts.keys()].find((attempt) => attempt >= nextAttempt);
  must(unknown === undefined, `attempt ${unknown} is listed, and was never given`);
}

function checkNode(state: SchedulerState, node: NodeRecord): void {
  must(node.isJoined || node.slots.size === 0, `node ${node.node} is lost and has slots`);
  for (const slot of node.slots.values()) {
    for (const status of ["running", "assigned"] as const) {
      const number = slot[status];
      if (number === null) continue;
      const attempt = state.attempts.get(number);
      const isThere = attempt?.node === node.node && attempt.slot === slot.slot && attempt.status === status;
      must(isThere, `slot ${slot.slot} of node ${node.node} holds attempt ${number} that is elsewhere`);
    }
    must(slot.isReady || (slot.running === null && slot.assigned === null), `slot ${slot.slot} is lost and holds work`);
  }
  const hasReadySlot = [...node.slots.values()].some(({ isReady }) => isReady);
  must(hasReadySlot === (node.unreadySince === null), `node ${node.node} is wrong about its ready slots`);
}

function checkLastUsable(state: SchedulerState): void {
  const nodes = [...state.nodes.values()];
  const isWorkPossible = nodes.some(({ unreadySince }) => unreadySince === null);
  const isSomeoneAllowed = nodes.some(({ barredAt }) => barredAt === null);
  must(!isWorkPossible || isSomeoneAllowed || state.isFinished, "the last usable node is barred");
}

/** Checks that the indices hold exactly what the whole state implies. */
function checkIndices(state: SchedulerState): void {
  const filings = allFilings(state);
  for (const [name, key] of filings) {
    // The key has the type of its index; the compiler checks that where the entry is made.
    const index = state.indices[name] as { has(filed: typeof key): boolean };
    if (!index.has(key)) must(false, `index ${name} lacks ${key}`);
  }
  let kept = 0;
  for (const name in state.indices) kept += state.indices[name as IndexName].size;
  must(kept === filings.length, `${kept} keys are in the indices, and ${filings.length} belong there`);
  state.frames.check();
}

function must(holds: boolean | undefined, otherwise: string): asserts holds {
  if (!holds) throw new Error(`Invariant broken: ${otherwise}`);
}
