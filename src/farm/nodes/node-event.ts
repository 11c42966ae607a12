import type { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { JoinedNode } from "../worker.ts";

/** What happens to the nodes of a job, in order, for the job loop. */
export type NodeEvent =
  | { readonly type: "joined"; readonly node: JoinedNode }
  | { readonly type: "report"; readonly node: NodeId; readonly report: NodeReport }
  | { readonly type: "lost"; readonly node: NodeId }
  | { readonly type: "excluded"; readonly reason: FarmError }
  /** A bug: the job must fail. */
  | { readonly type: "broken"; readonly error: unknown };
