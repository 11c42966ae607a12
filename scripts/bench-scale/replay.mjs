/**
 * @typedef {object} Costs of some events
 * @property {number} events
 * @property {number} ticks among them: one a second on every farm, so a small one has more of them to each other event
 * @property {number} processorMs of all of them together
 * @property {Float64Array} times of each by the clock, in milliseconds
 */

/**
 * Replays records: the same events give the same steps. Of each record the least disturbed replay counts, and the rounds take
 * turns, so that what else the machine has to do for a while is not held against one record alone.
 *
 * @param {object} scheduler Its `createState` and `step`
 * @param {readonly { config: object, events: readonly object[], tailFrom: number }[]} records
 * @param {number} rounds
 * @returns {{ whole: Costs, tail: Costs }[]} In the order of the records
 */
export function costsOf(scheduler, records, rounds) {
  const replays = records.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, record] of records.entries()) replays[index].push(replay(scheduler, record));
  }
  return replays.map((runs) => ({
    whole: least(runs.map(({ whole }) => whole)),
    tail: least(runs.map(({ tail }) => tail)),
  }));
}

/** @param {Costs} one @param {Costs} other @returns {Costs} */
export function joinedCosts(one, other) {
  const times = new Float64Array(one.events + other.events);
  times.set(one.times);
  times.set(other.times, one.events);
  const processorMs = one.processorMs + other.processorMs;
  return { events: times.length, ticks: one.ticks + other.ticks, processorMs, times };
}

/**
 * The mean in processor time, the others by the clock. What ticks cost is in the mean, and they are not counted: they cost
 * little, and would make the farm that has more of them look cheaper.
 *
 * @param {Costs} costs
 */
export function summaryOf({ events, ticks, processorMs, times }) {
  const sorted = times.slice().sort();
  const at = (share) => sorted[Math.floor((events - 1) * share)];
  return { mean: processorMs / (events - ticks), median: at(0.5), percentile: at(0.999), most: at(1) };
}

function replay({ createState, step }, { config, events, tailFrom }) {
  let state = createState(config);
  const times = new Float64Array(events.length);
  const startedMs = processorMs();
  let tailMs = startedMs;
  for (let index = 0; index < events.length; index++) {
    if (index === tailFrom) tailMs = processorMs();
    const beganMs = performance.now();
    state = step(state, events[index]).state;
    times[index] = performance.now() - beganMs;
  }
  const endedMs = processorMs();
  const costs = (from, sinceMs) => ({
    events: events.length - from,
    ticks: events.reduce((ticks, { type }, index) => ticks + Number(type === "tick" && index >= from), 0),
    processorMs: endedMs - sinceMs,
    times: times.subarray(from),
  });
  return { whole: costs(0, startedMs), tail: costs(tailFrom, tailMs) };
}

function least(runs) {
  return runs.reduce((best, run) => (run.processorMs < best.processorMs ? run : best));
}

/** Of this process with its collector of garbage, since it began. */
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
