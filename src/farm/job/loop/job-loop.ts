import type { Frame, NodeId } from "../../../core/node.ts";
import { Turns } from "../../../core/turns.ts";
import type { AttemptError, AttemptRef, EventBody, Instruction, Notice, Outcome } from "../../../scheduler/events.ts";
import type { SchedulerState } from "../../../scheduler/state/state.ts";
import { step } from "../../../scheduler/step.ts";
import type { FrameResult } from "../../../session/protocol.ts";
import { attemptsAt } from "../attempt-counts.ts";
import { EventPublisher } from "./event-publisher.ts";
import type { LoopInput } from "./job-inputs.ts";
import type { JobLoopOptions } from "./job-loop-options.ts";
import { JobWorkers } from "./job-workers.ts";
import { eventsOfJoining, eventsOfReport, resultsIn } from "./scheduler-events.ts";
import { SlotHealth } from "./slot-health.ts";
import { allSlotsLost, nodeExcluded } from "./unusable-node-errors.ts";

const tickEveryMs = 1_000;

/**
 * The heart of a job. It turns inputs into scheduler events, one at a time, and carries out the scheduler's
 * instructions. It waits for nothing but its inputs, so no node and no disk can hold up another. Outcomes of fetches
 * come before all other inputs: a stored frame saves work, and other events may cause more of it.
 */
export class JobLoop implements Disposable {
  readonly #options: JobLoopOptions;
  readonly #workers: JobWorkers;
  readonly #slots = new SlotHealth();
  readonly #publisher: EventPublisher;
  /** Results reported by the current input. The scheduler decides within the same step whether to fetch one. */
  #named: readonly FrameResult[] = [];
  /** Outcomes of fetches, to be handled before the next input. */
  #answers: EventBody[] = [];
  #state: SchedulerState;
  #seq = 0;
  #outcome: Outcome | undefined;
  #problem: { readonly error: unknown } | undefined;

  constructor(options: JobLoopOptions) {
    this.#options = options;
    this.#state = options.state;
    const { fleet } = options;
    this.#publisher = new EventPublisher({ ...options, nameOf: (node) => fleet.nameOf(node) });
    const { inputs, store, filesOf, checkPlan, signal } = options;
    this.#workers = new JobWorkers({
      ...{ store, filesOf, checkPlan, signal },
      attemptsAt: (frame) => attemptsAt(frame, this.#state, options.earlierAttempts),
      onEvent: (event) => {
        if (this.#answers.push(event) === 1) inputs.push({ type: "wake" });
      },
      onBroken: (error) => inputs.push({ type: "broken", error }),
    });
  }

  /**
   * Runs until the job has ended. After {@link refused}, it is called again and runs until the job has ended again.
   *
   * @param first The input of the first node that joined
   * @throws The signal's reason; `FARM_STORE_FAILED`; why no node is left
   */
  async run(first?: LoopInput): Promise<Outcome> {
    const { inputs, signal } = this.#options;
    const wake = () => inputs.push({ type: "wake" });
    // A tick comes after the inputs that have arrived. Otherwise, if this process was late, nodes would seem to be
    // late.
    let ticking: NodeJS.Immediate | undefined;
    const timer = setInterval(() => {
      ticking = setImmediate(() => this.#tick());
    }, tickEveryMs);
    const turns = new Turns();
    signal.addEventListener("abort", wake, { once: true });
    try {
      if (first) this.#take(first);
      else if (this.#outcome?.type === "complete") throw new Error("Frames were refused, but not queued again");
      const early = this.#ended();
      if (early) return early; // all frames were stored before
      for await (const input of inputs) {
        signal.throwIfAborted();
        this.#takeAnswers();
        this.#take(input);
        if (this.#problem) throw this.#problem.error;
        const outcome = this.#ended();
        if (outcome) return outcome;
        await turns.giveWay();
      }
      throw new Error("The loop's inputs ended before the job");
    } finally {
      clearInterval(timer);
      clearImmediate(ticking);
      signal.removeEventListener("abort", wake);
    }
  }

  /** FFmpeg refused a stored frame, now or in an earlier run: it is rendered again, even if the job had ended. */
  refused(node: NodeId, frame: Frame, error: AttemptError): void {
    this.#outcome = undefined;
    this.#schedule({ type: "frame-refused", node, frame, error });
  }

  /** A stored frame was taken out of the store, because it may be wrong: it is rendered again. */
  doubted(node: NodeId, frame: Frame, error: AttemptError | null): void {
    this.#outcome = undefined;
    this.#schedule({ type: "frame-doubted", node, frame, error });
  }

  [Symbol.dispose](): void {
    this.#workers[Symbol.dispose]();
    this.#options.journal.end(this.#options.clock.monotonicMs());
  }

  /** How the job has ended. It has not while a check may still find that a stored frame is wrong. */
  #ended(): Outcome | undefined {
    const { checks, doubted, clock } = this.#options;
    const isOpen = doubted.isWorking || checks.areOpen(clock.monotonicMs());
    return this.#outcome?.type === "complete" && isOpen ? undefined : this.#outcome;
  }

  #takeAnswers(): void {
    // Handling them may add more, as when results are released.
    while (this.#answers.length > 0) {
      const answers = this.#answers;
      this.#answers = [];
      for (const answer of answers) {
        if (answer.type === "frame-stored") this.#stored(answer);
        else this.#schedule(answer);
      }
    }
  }

  #take(input: LoopInput): void {
    this.#named = resultsIn(input);
    switch (input.type) {
      case "joined": {
        const { worker, opened } = input.node;
        const { node } = worker.info;
        const exclusion = this.#options.exclusionOf(input.node);
        if (exclusion) return void this.#options.fleet.exclude(node, exclusion);
        this.#workers.joined(worker);
        this.#options.onJoined(worker);
        this.#options.noNodeTimeout.joined();
        this.#slots.joined(node, opened.slots, this.#options.clock.monotonicMs());
        for (const event of eventsOfJoining(node, opened)) this.#schedule(event);
        return;
      }
      case "report": {
        const { node, report } = input;
        const atMs = this.#options.clock.monotonicMs();
        const { checks, samples } = this.#options;
        for (const part of [this.#slots, checks, samples]) part.hear(node, report, atMs);
        this.#publisher.report(node, report, this.#state.attempts);
        for (const event of eventsOfReport(node, report)) this.#schedule(event);
        return;
      }
      case "delayed":
        this.#schedule({ ...input, type: "attempt-delayed" });
        return;
      case "lost":
        for (const part of [this.#workers, this.#slots, this.#options.checks]) part.lost(input.node);
        this.#schedule({ type: "node-lost", node: input.node });
        if (this.#workers.size === 0 && !this.#outcome) this.#publisher.waiting(this.#state);
        return;
      case "excluded":
        if (this.#workers.size === 0 && !this.#options.fleet.isAlive) this.#problem = { error: input.reason };
        return;
      case "broken":
        this.#problem = { error: input.error };
        return;
      case "scheduler":
        this.#schedule(input.event);
        return;
      case "wake":
    }
  }

  #schedule(event: EventBody): void {
    const { clock, journal } = this.#options;
    const at = clock.monotonicMs();
    if (!journal.isWorthTelling(event, at)) return;
    this.#seq += 1;
    const timed = { ...event, at, seq: this.#seq };
    const { state, instructions } = step(this.#state, timed);
    this.#state = state;
    journal.record(timed, instructions, state);
    for (const instruction of instructions) this.#perform(instruction);
    if (event.type === "drain-requested" && !this.#outcome) this.#publisher.draining(state, at);
  }

  /** Carries out an instruction. Each asynchronous one ends with an event. */
  #perform(instruction: Instruction): void {
    switch (instruction.type) {
      case "fetch":
        this.#fetch(instruction.node, { frame: instruction.frame, attempt: instruction.attempt });
        return;
      case "announce":
        this.#announce(instruction.notice);
        return;
      case "finish":
        this.#outcome = instruction.outcome;
        return;
      default:
        this.#workers.order(instruction);
    }
  }

  #fetch(node: NodeId, ref: AttemptRef): void {
    const result = this.#named.find(({ frame, attempt }) => frame === ref.frame && attempt === ref.attempt);
    if (result) {
      this.#options.journal.rendered(ref.attempt, result.device);
      this.#workers.fetch(node, result);
    } else this.#options.inputs.push({ type: "scheduler", event: { type: "result-lost", node, ...ref } });
  }

  #announce(notice: Notice): void {
    this.#publisher.announce(notice);
    if (notice.type !== "node-excluded") return;
    const { fleet } = this.#options;
    fleet.exclude(notice.node, nodeExcluded(fleet.nameOf(notice.node), notice.reason));
  }

  #stored(event: Extract<EventBody, { type: "frame-stored" }>): void {
    const { store, output, totals } = this.#options;
    const { frame } = event;
    const record = store.recordOf(frame);
    // It may have been refused before this event was handled.
    this.#schedule(record ? event : { ...event, type: "result-lost" });
    if (!record) return;
    const { node, seconds } = record;
    if (!totals.count(node.id, frame, seconds)) return; // another attempt was first
    output.accept(frame);
    this.#publisher.stored(node.id, frame, seconds, this.#state.frames.size);
    this.#options.checks.stored(node.id, frame, event.attempt);
  }

  #tick(): void {
    this.#options.inputs.push({ type: "scheduler", event: { type: "tick" } });
    const atMs = this.#options.clock.monotonicMs();
    for (const { node, error } of this.#slots.idleNodes(atMs)) {
      this.#slots.lost(node);
      this.#options.fleet.exclude(node, allSlotsLost(this.#options.fleet.nameOf(node), error));
    }
    const { output, noNodeTimeout } = this.#options;
    const { frames } = this.#state;
    try {
      noNodeTimeout.look(frames.size - frames.counts.stored);
    } catch (error) {
      this.#problem = { error };
    }
    this.#publisher.progressed(this.#state, atMs, { nodes: this.#workers.size, encoded: output.encoded() });
  }
}
