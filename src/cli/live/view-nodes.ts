import type { FarmEvent, Frame, NodeId, NodeName } from "../../index.ts";
import type { NodeView, SlotView } from "./node-view.ts";
import { tidy } from "./tidy.ts";
import { idleSlot, type ViewState } from "./view-state.ts";

/** A node may claim more slots than any machine has; rows for them would only cost time. */
const maxSlots = 256;

/** A copy with one node changed; an unknown node is added. */
export function withNode(state: ViewState, named: NodeName, change: (node: NodeView) => Partial<NodeView>): ViewState {
  const before = state.nodes.get(named.node) ?? unknownNode(named.name);
  return { ...state, nodes: state.nodes.with(named.node, { ...before, ...change(before) }) };
}

function unknownNode(name: string): NodeView {
  return { name: tidy(name), blender: "", status: "found", sent: null, slots: [], frames: 0, seconds: 0 };
}

/** That many slots, all idle; their counts are kept. */
export function freeSlots(node: NodeView, atMs: number, count = node.slots.length): SlotView[] {
  const free = (slot: SlotView): SlotView => ({ ...slot, frame: null, previous: null, fraction: null, sinceMs: atMs });
  return Array.from({ length: Math.min(count, maxSlots) }, (_, index) => free(node.slots[index] ?? idleSlot(atMs)));
}

type OfSlot = Extract<FarmEvent, { type: "frame:started" | "frame:progressed" }>;

/** A slot starts a frame or makes progress. A progress event also stands for a start that was not seen. */
export function withRunning(state: ViewState, event: OfSlot, atMs: number): ViewState {
  if (event.slot >= maxSlots) return state;
  return withNode(state, event, (node) => {
    const count = Math.max(node.slots.length, event.slot + 1);
    const slots = Array.from({ length: count }, (_, index) => node.slots[index] ?? idleSlot(atMs));
    const slot = slots[event.slot] ?? idleSlot(atMs);
    const isNew = event.type === "frame:started" || slot.frame !== event.frame;
    const started = isNew ? { previous: slot.frame, sinceMs: atMs, frame: event.frame, fraction: null } : {};
    const progress = event.type === "frame:progressed" ? { fraction: event.fraction ?? slot.fraction } : {};
    return { slots: slots.with(event.slot, { ...slot, ...started, ...progress }) };
  });
}

/** A frame is stored: the slot that rendered it gets the credit, and other slots with the same frame become idle. */
export function withStored(
  state: ViewState,
  event: Extract<FarmEvent, { type: "frame:stored" }>,
  atMs: number,
): ViewState {
  const { frame, seconds } = event;
  const credited = withNode(state, event, (node) => {
    const by = node.slots.findIndex((slot) => slot.frame === frame || slot.previous === frame);
    const slots = node.slots.map((slot, index) =>
      index === by ? { ...slot, frames: slot.frames + 1, seconds: slot.seconds + seconds } : slot,
    );
    return { slots, frames: node.frames + 1, seconds: node.seconds + seconds };
  });
  return withoutFrame(credited, frame, atMs);
}

/** No slot renders the frame any more; with `node`, no slot of that node. */
export function withoutFrame(state: ViewState, frame: Frame, atMs: number, node?: NodeId): ViewState {
  const isAt = (slot: SlotView) => slot.frame === frame || slot.previous === frame;
  let { nodes } = state;
  for (const id of nodes.where((view) => view.slots.some(isAt))) {
    const view = nodes.get(id);
    if (!view || (node !== undefined && id !== node)) continue;
    nodes = nodes.with(id, {
      ...view,
      slots: view.slots.map((slot) => (isAt(slot) ? leave(slot, frame, atMs) : slot)),
    });
  }
  return nodes === state.nodes ? state : { ...state, nodes };
}

function leave(slot: SlotView, frame: Frame, atMs: number): SlotView {
  const previous = slot.previous === frame ? null : slot.previous;
  return slot.frame === frame
    ? { ...slot, previous, frame: null, fraction: null, sinceMs: atMs }
    : { ...slot, previous };
}

/** Whether any slot renders the frame. */
export function isRunning(state: ViewState, frame: Frame): boolean {
  return state.nodes.where((node) => node.slots.some((slot) => slot.frame === frame)).length > 0;
}
