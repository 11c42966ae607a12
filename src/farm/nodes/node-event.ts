import type { FarmError } from "../../core/errors.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { JoinedNode } from "../worker.ts";

/** What happens to the nodes of a job, in order, for the job loop. */
export type NodeEvent =
  | { readonly type: "joined"; readonly node: JoinedNode }
  | { readonly type: "report"; readonly node: NodeId; readonly report: NodeReport }
  /** A frame that the node was given waits for its files, which are on their way. */
  | { readonly type: "delayed"; readonly node: NodeId; readonly frame: Frame; readonly attempt: number }
  | { readonly type: "lost"; readonly node: NodeId }
  | { readonly type: "excluded"; readonly reason: FarmError }
  /** A bug: the job must fail. */
  | { readonly type: "broken"; readonly error: unknown };
