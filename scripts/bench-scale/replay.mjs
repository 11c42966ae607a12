/**
 * @typedef {object} Costs of some events
 * @property {number} events their number
 * @property {number} ticks how many of them are ticks: every farm has one a second, so a small farm has a larger share
 * @property {number} processorMs the processor time of all of them together
 * @property {Float64Array} times the wall time of each, in milliseconds
 */

/**
 * Replays records: the same events give the same steps. The fastest replay of each record counts. Each round replays
 * all records, so that a busy moment of the machine does not fall on all replays of one record.
 *
 * @param {object} scheduler Its `createState` and `step`
 * @param {readonly { config: object, events: readonly object[], tailFrom: number }[]} records
 * @param {number} rounds
 * @returns {{ whole: Costs, tail: Costs }[]} in the order of the records
 */
export function costsOf(scheduler, records, rounds) {
  const replays = records.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, record] of records.entries()) replays[index].push(replay(scheduler, record));
  }
  return replays.map((runs) => ({
    whole: cheapest(runs.map(({ whole }) => whole)),
    tail: cheapest(runs.map(({ tail }) => tail)),
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
 * The mean is processor time, the others are wall time. The mean includes the cost of ticks but does not count them as
 * events: they cost little, and would make a farm with many of them look cheaper.
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

function cheapest(runs) {
  return runs.reduce((best, run) => (run.processorMs < best.processorMs ? run : best));
}

/** The processor time of this process since its start, garbage collection included. */
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
