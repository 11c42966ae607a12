import type { LabCoordinator, LabEvent } from "../support/lab/lab-coordinator.ts";

/** One start of the command for a film: what it reports, and what the faults do to it. */
export class Attempt {
  readonly startedMs = performance.now();
  endedMs = Number.POSITIVE_INFINITY;
  /** Signals that the faults have sent to it. */
  readonly sent = new Set<NodeJS.Signals>();
  /** How many of its encoders the faults have killed. */
  encodersKilled = 0;
  readonly run: LabCoordinator;
  /** Frames that each node is rendering. */
  readonly #rendering = new Map<unknown, Set<unknown>>();

  constructor(run: LabCoordinator, hear: (event: LabEvent) => void) {
    this.run = run;
    run.onEvent = (event) => {
      this.#follow(event);
      hear(event);
    };
    const end = () => {
      this.endedMs = performance.now();
    };
    run.ended.then(end, end);
  }

  get isAlive(): boolean {
    return this.run.isAlive;
  }

  /** Frames that it has stored. */
  get stored(): number {
    return this.run.all("frame:stored").length;
  }

  /** Whether all frames are stored and it is making the video. */
  get isFinishing(): boolean {
    const last = this.run.all("frame:stored").at(-1);
    return (
      this.isAlive && last !== undefined && last.stored === last.total && this.run.all("job:completed").length === 0
    );
  }

  /** @returns Whether it was alive */
  signal(name: NodeJS.Signals): boolean {
    if (!this.isAlive) return false;
    this.run.signal(name);
    this.sent.add(name);
    return true;
  }

  /** Whether a node is rendering a frame for it. @param name Without a name: whether any node is */
  isRendering(name?: string): boolean {
    if (!this.isAlive) return false;
    const all = name === undefined ? [...this.#rendering.values()] : [this.#rendering.get(name)];
    return all.some((frames) => frames !== undefined && frames.size > 0);
  }

  #follow({ type, name, frame }: LabEvent): void {
    const frames = this.#rendering.get(name) ?? new Set();
    this.#rendering.set(name, frames);
    if (type === "frame:started") frames.add(frame);
    else if (type === "frame:rendered" || type === "frame:requeued") frames.delete(frame);
    else if (type === "node:lost") frames.clear();
    else if (type === "frame:stored") for (const others of this.#rendering.values()) others.delete(frame);
  }
}
