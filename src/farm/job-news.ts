import type { NodeId } from "../core/node.ts";
import type { News } from "../scheduler/events.ts";
import type { NodeReport } from "../session/node-session.ts";
import type { FarmListener } from "./events.ts";
import type { Tally } from "./tally.ts";

/** Who hears the news of a job. */
export interface Audience {
  readonly tell: FarmListener;
  readonly tally: Tally;
  readonly nameOf: (node: NodeId) => string;
}

/** Turns what nodes report and the scheduler decides into the job's public events; it decides nothing itself. */
export class JobNews {
  readonly #audience: Audience;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  /** Passes on what a node reports, as far as it is of use to people. */
  report(node: NodeId, report: NodeReport): void {
    const { tell, tally, nameOf } = this.#audience;
    const named = { node, name: nameOf(node) };
    switch (report.type) {
      case "frame-started":
        tell({ type: "frame:started", ...named, frame: report.frame, slot: report.slot });
        return;
      case "frame-progress": {
        const { frame, slot, fraction } = report;
        tell({ type: "frame:progressed", ...named, frame, slot, fraction });
        return;
      }
      case "frame-rendered": {
        const { frame, seconds } = report.result;
        tell({ type: "frame:rendered", ...named, frame, seconds });
        return;
      }
      case "warning":
        tally.warn(report.code, report.message, named.name);
        return;
      default:
    }
  }

  /** Passes on what the scheduler decided. */
  announce(news: News): void {
    const { tell, tally, nameOf } = this.#audience;
    switch (news.type) {
      case "frame-requeued": {
        const { node, frame, reason } = news;
        tell({ type: "frame:requeued", node, name: nameOf(node), frame, reason });
        return;
      }
      case "frame-failed": {
        const error = news.errors.at(-1);
        const { code, message, hint } = error ?? {
          code: "RENDER_FAILED",
          message: "no node could render it",
          hint: "",
        };
        tell({ type: "frame:failed", frame: news.frame, code, message, hint });
        return;
      }
      case "node-barred":
        tell({ type: "node:barred", node: news.node, name: nameOf(news.node), reason: news.reason });
        return;
      case "node-forgiven":
        tell({ type: "node:forgiven", node: news.node, name: nameOf(news.node) });
        return;
      case "scene-at-fault":
        tally.warn(
          news.error.code,
          `The scene itself fails on ${news.nodes.length} nodes: ${news.error.message}`,
          null,
        );
        return;
      case "frame-speculated":
    }
  }
}
