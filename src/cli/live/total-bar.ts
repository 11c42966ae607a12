import { counted, formatDuration } from "../../index.ts";
import { outputWords } from "../texts/output-words.ts";
import { timeLeftText } from "../texts/time-left.ts";
import { type Line, type Signs, type Span, span, widthOfLine } from "./line.ts";
import { runningFrames, type ViewState } from "./view-state.ts";

const gap = "  ";

/**
 * The last line: how much is done, and when the rest will be. A narrow terminal drops the least important facts first.
 */
export function totalLine(state: ViewState, columns: number, signs: Signs, atMs: number): Line {
  const facts = state.scene
    ? factsOf(state, signs, atMs)
    : [span(beginningOf(state), "strong"), elapsedOf(state, atMs)];
  const minBar = state.scene && columns >= 40 ? 10 : 0;
  while (facts.length > 1 && widthOfFacts(facts) + minBar > columns) facts.pop();
  const line = facts.flatMap((fact) => [span(gap), fact]).slice(minBar > 0 ? 0 : 1);
  const width = columns - widthOfLine(line);
  return minBar > 0 && width > 0 ? [...barOf(state, width, signs), ...line] : line;
}

function widthOfFacts(facts: readonly Span[]): number {
  return widthOfLine(facts) + gap.length * facts.length;
}

/** Most important first. */
function factsOf(state: ViewState, signs: Signs, atMs: number): Span[] {
  const { cells, eta } = state;
  const words = outputWords(state.job?.makes);
  const total = cells.frames.length;
  const stored = cells.countOf("stored");
  const failed = cells.countOf("failed");
  const facts = [
    span(`${total === 0 ? 0 : Math.floor((100 * stored) / total)}%`, "strong"),
    span(`${stored}/${total} frames`),
  ];
  if (failed > 0) facts.push(span(`${failed} failed`, "error"));
  if (stored === total) facts.push(span(words.finishing, "accent"));
  else if (eta) facts.push(span(`${timeLeftText(eta, signs, atMs - eta.atMs)} to go`, "accent"));
  if (state.isEncodingPostponed) facts.push(span(words.postponed, "warning"));
  else if (stored < total) facts.push(span(`${state.encoded} ${words.encoded}`, "encoded"));
  facts.push(elapsedOf(state, atMs));
  return facts;
}

function elapsedOf(state: ViewState, atMs: number): Span {
  return span(`${formatDuration(atMs - state.startedMs)} so far`, "faint");
}

/** What happens before the scene is known. */
function beginningOf(state: ViewState): string {
  if (state.phase === "waiting") return "Waiting for a node";
  const nodes = [...state.nodes.values()];
  const count = (status: string) => nodes.filter((node) => node.status === status).length;
  if (count("uploading") > 0) return `Sending files to ${counted(count("uploading"), "node")}`;
  if (count("loading") > 0) return `Opening the blendfile on ${counted(count("loading"), "node")}`;
  return "Looking for nodes";
}

function barOf(state: ViewState, width: number, signs: Signs): Span[] {
  const total = Math.max(1, state.cells.frames.length);
  const stored = Math.floor((width * state.cells.countOf("stored")) / total);
  const encoded = Math.min(stored, Math.floor((width * state.encoded) / total));
  return [
    span(signs.bar.full.repeat(encoded), "encoded"),
    span(signs.bar.full.repeat(stored - encoded), "stored"),
    span(signs.bar.rest.repeat(width - stored), "faint"),
  ];
}

/** A line for the user when the job does not simply continue: it waits for nodes, or it is stopping. */
export function noticeLine(state: ViewState): Line | null {
  const { cells } = state;
  switch (state.phase) {
    case "discovering":
    case "working":
      return null;
    case "waiting": {
      const missing = cells.countOf("queued") + cells.countOf("rendering");
      return [span(`Waiting for a node: ${counted(missing, "frame")} to go`, "warning")];
    }
    case "draining": {
      const running = runningFrames(state);
      const what = running === 0 ? "Stopping" : `Finishing ${counted(running, "frame")}, then stopping`;
      return [span(`${what}; Ctrl-C again stops now`, "warning")];
    }
    case "stopping":
      return [span("Stopping now; stored frames are kept", "warning")];
  }
}
