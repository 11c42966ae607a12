import type { Overrides } from "../../../config/overrides.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Frame, NodeId } from "../../../core/node.ts";
import type { AttemptRef, Notice } from "../../../scheduler/events.ts";
import { progressOf } from "../../../scheduler/progress.ts";
import type { LiveAttempt, SchedulerState } from "../../../scheduler/state/state.ts";
import type { NodeReport } from "../../../session/node-report.ts";
import type { FarmListener } from "../../events.ts";
import { isOfOverride } from "../hear-warnings.ts";
import type { JobTotals } from "../job-totals.ts";
import { FirstEstimate } from "./first-estimate.ts";

/** Per node. The summary repeats them all, and a node can word each one differently. */
const mostWarnings = 50;
/** A node reports progress once a second for each slot; faster reports are of no use to anybody. */
const progressEveryMs = 500;

/** Where events go. */
export interface Listeners {
  readonly tell: FarmListener;
  readonly totals: JobTotals;
  readonly nameOf: (node: NodeId) => string;
  readonly clock: Clock;
  /** Those of the job: what all nodes say of them is told without a name. */
  readonly overrides: Overrides | null;
}

/** Turns nodes' reports and the scheduler's decisions into the job's public events. It decides nothing itself. */
export class EventPublisher {
  readonly #listeners: Listeners;
  /** Warnings of each node so far. */
  readonly #warned = new Map<NodeId, Set<string>>();
  /** When progress was last published, by node and slot. */
  readonly #progressToldMs = new Map<string, number>();

  readonly #firstEstimate = new FirstEstimate();

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  /**
   * Publishes a node's report, if it concerns people and is new. Reports of attempts that are not this node's, or that
   * start or end twice, are dropped: otherwise a node could fill a disk with log lines.
   *
   * @param attempts As the scheduler knows them before it gets the report
   */
  report(node: NodeId, report: NodeReport, attempts: ReadonlyMap<number, LiveAttempt>): void {
    const { tell, nameOf } = this.#listeners;
    const named = { node, name: nameOf(node) };
    switch (report.type) {
      case "frame-started": {
        const attempt = ownAttempt(node, report, attempts);
        if (attempt?.status !== "assigned") return;
        tell({ type: "frame:started", ...named, frame: report.frame, slot: attempt.slot ?? report.slot });
        return;
      }
      case "frame-progress": {
        const attempt = ownAttempt(node, report, attempts);
        const { frame, fraction } = report;
        const slot = attempt?.slot ?? report.slot;
        if (attempt?.status === "running" && fraction !== null) this.#firstEstimate.hear(attempt.attempt, fraction);
        if (attempt?.status !== "running" || !this.#isProgressDue(`${node} ${slot}`)) return;
        tell({ type: "frame:progressed", ...named, frame, slot, fraction });
        return;
      }
      case "frame-rendered": {
        const { frame, seconds } = report.result;
        const attempt = ownAttempt(node, report.result, attempts);
        if (attempt === undefined || attempt.status === "rendered") return;
        tell({ type: "frame:rendered", ...named, frame, seconds });
        return;
      }
      case "warning":
        this.#warn(node, report);
        return;
      default:
    }
  }

  #isProgressDue(place: string): boolean {
    const atMs = this.#listeners.clock.monotonicMs();
    if (atMs - (this.#progressToldMs.get(place) ?? Number.NEGATIVE_INFINITY) < progressEveryMs) return false;
    this.#progressToldMs.set(place, atMs);
    return true;
  }

  #warn(node: NodeId, report: Extract<NodeReport, { type: "warning" }>): void {
    const { code, message } = report;
    const { totals, nameOf, overrides } = this.#listeners;
    const warned = this.#warned.get(node) ?? new Set();
    this.#warned.set(node, warned);
    const words = `${code} ${message}`;
    if (warned.has(words) || warned.size > mostWarnings) return;
    warned.add(words);
    if (warned.size <= mostWarnings) totals.warn(code, message, isOfOverride(report, overrides) ? null : nameOf(node));
    else totals.warn("WARNINGS_DROPPED", "More of its warnings are not shown", nameOf(node));
  }

  /** A frame is stored for the first time. @param total Frames of the job */
  stored(node: NodeId, frame: Frame, seconds: number, total: number): void {
    const { tell, totals, nameOf } = this.#listeners;
    tell({ type: "frame:stored", node, name: nameOf(node), frame, seconds, stored: totals.stored, total });
  }

  /** Publishes how far the job is. */
  progressed(state: SchedulerState, atMs: number, counts: { readonly nodes: number; readonly encoded: number }): void {
    const progress = progressOf(state, atMs);
    const { stored, total, running } = progress;
    const first = progress.etaMs === null ? this.#firstEstimate.of(progress) : null;
    const { etaMs, etaRangeMs } = first ?? progress;
    this.#listeners.tell({
      ...{ type: "job:progressed", stored, total, running: running.length, etaMs, etaRangeMs },
      ...counts,
    });
  }

  /** All nodes are gone. */
  waiting({ frames: { size, counts } }: SchedulerState): void {
    this.#listeners.tell({ type: "job:waiting", missing: size - counts.stored - counts.failed });
  }

  draining(state: SchedulerState, atMs: number): void {
    this.#listeners.tell({ type: "job:draining", running: progressOf(state, atMs).running.length });
  }

  /** Publishes a decision of the scheduler. */
  announce(notice: Notice): void {
    const { tell, totals, nameOf } = this.#listeners;
    switch (notice.type) {
      case "frame-requeued": {
        const { node, frame, code, reason } = notice;
        tell({ type: "frame:requeued", node, name: nameOf(node), frame, code, reason });
        return;
      }
      case "frame-failed": {
        const error = notice.errors.at(-1);
        const { code, message, hint } = error ?? {
          code: "RENDER_FAILED",
          message: "no node could render it",
          hint: "",
        };
        totals.fail(code, hint);
        tell({ type: "frame:failed", frame: notice.frame, code, message, hint });
        return;
      }
      case "node-barred":
        tell({ type: "node:barred", node: notice.node, name: nameOf(notice.node), reason: notice.reason });
        return;
      case "node-forgiven":
        tell({ type: "node:forgiven", node: notice.node, name: nameOf(notice.node) });
        return;
      case "scene-at-fault":
        totals.warn(
          notice.error.code,
          `The scene itself fails on ${notice.nodes.length} nodes: ${notice.error.message}`,
          null,
        );
        return;
      case "frame-speculated":
    }
  }
}

/** The attempt that a report is about, if this node was given it. */
function ownAttempt(
  node: NodeId,
  { frame, attempt }: AttemptRef,
  attempts: ReadonlyMap<number, LiveAttempt>,
): LiveAttempt | undefined {
  const known = attempts.get(attempt);
  return known?.node === node && known.frame === frame ? known : undefined;
}
