import type { AsyncQueue } from "../../core/async-queue.ts";
import type { Clock } from "../../core/clock.ts";
import type { FarmError } from "../../core/errors.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import { Turns } from "../../core/turns.ts";
import type { FrameStore } from "../../frames/frame-store.ts";
import type { AttemptError, AttemptRef, EventBody, Instruction, Notice, Outcome } from "../../scheduler/events.ts";
import { progressOf } from "../../scheduler/progress.ts";
import type { SchedulerState } from "../../scheduler/state.ts";
import { step } from "../../scheduler/step.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { FrameResult } from "../../session/protocol.ts";
import type { FarmListener } from "../events.ts";
import type { JoinedNode } from "../nodes/node-connector.ts";
import type { PoolEvent } from "../nodes/node-pool.ts";
import type { OutputWriter } from "../output/output-writer.ts";
import { type AttemptCounts, attemptsAt } from "./attempt-counts.ts";
import { EventPublisher } from "./event-publisher.ts";
import { FetchQueue } from "./fetch-queue.ts";
import type { JobTotals } from "./job-totals.ts";
import type { NoNodeTimeout } from "./no-node-timeout.ts";
import { eventsOfJoining, eventsOfReport } from "./scheduler-events.ts";
import { SlotHealth } from "./slot-health.ts";
import { allSlotsLost, nodeExcluded } from "./unusable-node-errors.ts";

const tickEveryMs = 1_000;

/** What goes into the loop: the pool's news, answers to instructions, time, and the user's wish to stop. */
export type LoopInput =
  | PoolEvent
  | { readonly type: "scheduler"; readonly event: EventBody }
  | { readonly type: "wake" };

export interface JobLoopOptions {
  readonly state: SchedulerState;
  readonly inputs: AsyncQueue<LoopInput>;
  readonly store: FrameStore;
  readonly writer: OutputWriter;
  readonly totals: JobTotals;
  readonly earlierAttempts: AttemptCounts;
  readonly nameOf: (node: NodeId) => string;
  readonly noNodeTimeout: NoNodeTimeout;
  /** Why a node that has opened the blendfile takes no part all the same, or `undefined`. */
  readonly refusalOf: (node: JoinedNode) => FarmError | undefined;
  readonly exclude: (node: NodeId, reason: FarmError) => void;
  /** Whether a node may still come: if none is left and none can come, the job cannot go on. */
  readonly mayStillCome: () => boolean;
  readonly tell: FarmListener;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The heart of a job: turns what happens into scheduler events, one at a time, and carries out what the scheduler
 * orders. It waits for nothing else than its inputs, so no node and no disk can hold up another. What has become of results
 * comes before everything else: a frame that is stored makes work needless, all other news may make more of it.
 */
export class JobLoop implements Disposable {
  readonly #options: JobLoopOptions;
  readonly #sessions = new Map<NodeId, NodeSession>();
  readonly #fetchQueue: FetchQueue;
  readonly #slots = new SlotHealth();
  readonly #news: EventPublisher;
  /** The results that the latest input tells of: whether one is fetched is decided while it is taken. */
  #named: readonly FrameResult[] = [];
  /** What has become of results, to be taken before the next input. */
  #answers: EventBody[] = [];
  #state: SchedulerState;
  #seq = 0;
  #outcome: Outcome | undefined;
  #problem: { readonly error: unknown } | undefined;

  constructor(options: JobLoopOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#news = new EventPublisher(options);
    const { inputs, store, signal } = options;
    this.#fetchQueue = new FetchQueue({
      ...{ store, signal },
      attemptsAt: (frame) => attemptsAt(frame, this.#state, options.earlierAttempts),
      onEvent: (event) => {
        if (this.#answers.push(event) === 1) inputs.push({ type: "wake" });
      },
      onBroken: (error) => inputs.push({ type: "broken", error }),
    });
  }

  /**
   * Runs until the job has ended; called again after {@link refused}, until it has ended anew.
   *
   * @param first The node whose joining told what there is to render
   * @throws The signal's reason; `FARM_STORE_FAILED`; why no node is left
   */
  async run(first?: LoopInput): Promise<Outcome> {
    const { inputs, signal } = this.#options;
    const wake = () => inputs.push({ type: "wake" });
    // After what has come in: where we were late ourselves, nodes must not be found to be late.
    let ticking: NodeJS.Immediate | undefined;
    const timer = setInterval(() => {
      ticking = setImmediate(() => this.#tick());
    }, tickEveryMs);
    const turns = new Turns();
    signal.addEventListener("abort", wake, { once: true });
    try {
      if (first) this.#take(first);
      else if (this.#outcome?.type === "complete")
        throw new Error("Frames were refused, and nobody renders them again");
      if (this.#outcome) return this.#outcome; // all frames were there
      for await (const input of inputs) {
        signal.throwIfAborted();
        this.#takeAnswers();
        this.#take(input);
        if (this.#problem) throw this.#problem.error;
        if (this.#outcome) return this.#outcome;
        await turns.giveWay();
      }
      throw new Error("The loop's inputs ended before the job");
    } finally {
      clearInterval(timer);
      clearImmediate(ticking);
      signal.removeEventListener("abort", wake);
    }
  }

  /** A stored frame has left the store, or had in an earlier run: it is rendered again, also when the job had ended. */
  refused(node: NodeId, frame: Frame, error: AttemptError): void {
    this.#outcome = undefined;
    this.#schedule({ type: "frame-refused", node, frame, error });
  }

  [Symbol.dispose](): void {
    this.#fetchQueue.close();
  }

  #takeAnswers(): void {
    // More may come while they are taken, as of results that are released.
    while (this.#answers.length > 0) {
      const answers = this.#answers;
      this.#answers = [];
      for (const answer of answers) this.#schedule(answer.type === "frame-stored" ? this.#stored(answer) : answer);
    }
  }

  #take(input: LoopInput): void {
    this.#named = resultsIn(input);
    switch (input.type) {
      case "joined": {
        const { session, opened } = input.node;
        const refusal = this.#options.refusalOf(input.node);
        if (refusal) {
          this.#options.exclude(session.info.node, refusal);
          return;
        }
        this.#sessions.set(session.info.node, session);
        this.#fetchQueue.joined(session);
        this.#options.noNodeTimeout.joined();
        this.#slots.joined(session.info.node, opened.slots, this.#options.clock.monotonicMs());
        for (const event of eventsOfJoining(session.info.node, opened)) this.#schedule(event);
        return;
      }
      case "report": {
        const { node, report } = input;
        const atMs = this.#options.clock.monotonicMs();
        if (report.type === "slot-changed") this.#slots.changed(node, report, atMs);
        if (report.type === "frame-failed") this.#slots.failed(node, report.slot, report.error, atMs);
        this.#news.report(node, report, this.#state.attempts);
        for (const event of eventsOfReport(node, report)) this.#schedule(event);
        return;
      }
      case "lost":
        this.#sessions.delete(input.node);
        this.#fetchQueue.lost(input.node);
        this.#slots.lost(input.node);
        this.#schedule({ type: "node-lost", node: input.node });
        this.#tellIfAlone();
        return;
      case "excluded":
        if (this.#sessions.size === 0 && !this.#options.mayStillCome()) this.#problem = { error: input.reason };
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
    const at = this.#options.clock.monotonicMs();
    this.#seq += 1;
    const { state, instructions } = step(this.#state, { ...event, at, seq: this.#seq });
    this.#state = state;
    for (const instruction of instructions) this.#perform(instruction);
    if (event.type === "drain-requested" && !this.#outcome) {
      this.#options.tell({ type: "job:draining", running: progressOf(state, at).running.length });
    }
  }

  /** One case per instruction; each asynchronous one ends as an event. */
  #perform(instruction: Instruction): void {
    switch (instruction.type) {
      case "assign": {
        const { node, slot, frame, attempt } = instruction;
        this.#say(node, (session) => session.assign(slot, frame, attempt));
        return;
      }
      case "withdraw":
        this.#say(instruction.node, (session) => session.withdraw(instruction.frame, instruction.attempt));
        return;
      case "cancel":
        this.#say(instruction.node, (session) => session.cancel(instruction.frame, instruction.attempt));
        return;
      case "release":
        // Not the instruction itself: its type would become that of the event.
        this.#fetchQueue.release(instruction.node, { frame: instruction.frame, attempt: instruction.attempt });
        this.#say(instruction.node, (session) => session.release(instruction.frame, instruction.attempt));
        return;
      case "fetch":
        this.#fetch(instruction.node, { frame: instruction.frame, attempt: instruction.attempt });
        return;
      case "announce":
        this.#announce(instruction.news);
        return;
      case "finish":
        this.#outcome = instruction.outcome;
    }
  }

  /** A message that cannot be sent needs no answer: the lost link is an event of its own. */
  #say(node: NodeId, send: (session: NodeSession) => Promise<void>): void {
    const session = this.#sessions.get(node);
    if (session) send(session).catch(() => {});
  }

  #fetch(node: NodeId, ref: AttemptRef): void {
    const result = this.#named.find(({ frame, attempt }) => frame === ref.frame && attempt === ref.attempt);
    if (result) this.#fetchQueue.fetch(node, result);
    else this.#options.inputs.push({ type: "scheduler", event: { type: "result-lost", node, ...ref } });
  }

  #announce(news: Notice): void {
    this.#news.announce(news);
    if (news.type !== "node-excluded") return;
    const { exclude, nameOf } = this.#options;
    exclude(news.node, nodeExcluded(nameOf(news.node), news.reason));
  }

  /** @returns What the scheduler is told: a frame may have been refused while the news of it was on its way */
  #stored(event: Extract<EventBody, { type: "frame-stored" }>): EventBody {
    const { store, writer, totals, tell, nameOf } = this.#options;
    const { frame } = event;
    const record = store.recordOf(frame);
    if (!record) return { ...event, type: "result-lost" };
    const { node, seconds } = record;
    if (!totals.count(node.id, frame, seconds)) return event; // another attempt was first
    writer.accept(frame);
    const total = this.#state.frames.size;
    tell({ type: "frame:stored", node: node.id, name: nameOf(node.id), frame, seconds, stored: totals.stored, total });
    return event;
  }

  #tick(): void {
    this.#options.inputs.push({ type: "scheduler", event: { type: "tick" } });
    const atMs = this.#options.clock.monotonicMs();
    for (const { node, error } of this.#slots.idleNodes(atMs)) {
      this.#slots.lost(node);
      this.#options.exclude(node, allSlotsLost(this.#options.nameOf(node), error));
    }
    const { stored, total, running, etaMs } = progressOf(this.#state, atMs);
    const { tell, writer, noNodeTimeout } = this.#options;
    try {
      noNodeTimeout.look(total - stored);
    } catch (error) {
      this.#problem = { error };
    }
    const nodes = this.#sessions.size;
    tell({ type: "job:progressed", stored, total, nodes, running: running.length, encoded: writer.encoded, etaMs });
  }

  #tellIfAlone(): void {
    if (this.#sessions.size > 0 || this.#outcome) return;
    const { total, stored, failed } = progressOf(this.#state, this.#options.clock.monotonicMs());
    this.#options.tell({ type: "job:waiting", missing: total - stored - failed });
  }
}

function resultsIn(input: LoopInput): readonly FrameResult[] {
  if (input.type === "joined") return input.node.opened.results;
  return input.type === "report" && input.report.type === "frame-rendered" ? [input.report.result] : [];
}
