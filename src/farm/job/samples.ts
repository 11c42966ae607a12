import { FarmError } from "../../core/errors.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { DoubtedFrames } from "./doubted-frames.ts";
import type { JobTotals } from "./job-totals.ts";

/** Two small pictures agree if the mean difference of their channels is at most this, of 255, … */
const mostMean = 6;
/** … and at most this share of the channels differs by more than {@link largeDifference}. */
const mostLarge = 0.05;
const largeDifference = 40;

/** With a mean below the first, where another picture has one above the second, a picture is black. */
const [blackMean, brightMean] = [1, 4];

/** More of a picture than of the other in the colour that Blender shows in place of a missing texture. */
const missingShare = 0.02;

export interface SamplesOptions {
  readonly doubted: DoubtedFrames;
  readonly totals: JobTotals;
  readonly nameOf: (node: NodeId) => string;
  readonly exclude: (node: NodeId, reason: FarmError) => void;
  /** The stored frames that a node has rendered. */
  readonly framesOf: (node: NodeId) => readonly Frame[];
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
}

interface Group {
  /** What all of them look like, within the tolerance. */
  readonly picture: Picture;
  readonly nodes: Set<NodeId>;
}

/**
 * Small pictures of one frame, one from each node before it renders. Nodes whose pictures do not agree are named with
 * what differs. A node that renders nothing, or no textures, while two others agree, is not used.
 */
export class Samples {
  readonly #options: SamplesOptions;
  #groups: readonly Group[] = [];
  readonly #told = new Set<NodeId>();

  constructor(options: SamplesOptions) {
    this.#options = options;
  }

  /** A node reports something. */
  hear(node: NodeId, report: NodeReport): void {
    if (report.type !== "job-sampled") return;
    const { width, height, pixels } = report;
    const rgb = Buffer.from(pixels, "base64");
    if (rgb.length !== 3 * width * height) return; // it says nothing about the scene
    const picture = { width, height, rgb };
    for (const { nodes } of this.#groups) nodes.delete(node);
    const group = this.#groups.find((each) => agree(each.picture, picture));
    if (group === undefined) this.#groups = [...this.#groups, { picture, nodes: new Set([node]) }];
    else group.nodes.add(node);
    this.#judge();
  }

  #judge(): void {
    const [usual, ...others] = this.#groups
      .filter(({ nodes }) => nodes.size > 0)
      .sort((one, other) => other.nodes.size - one.nodes.size);
    if (usual === undefined) return;
    for (const other of others) {
      if (usual.nodes.size === other.nodes.size && usual.nodes.size > 1) continue; // nobody can tell
      for (const node of other.nodes) if (!this.#told.has(node)) this.#tell(node, other.picture, usual);
    }
  }

  #tell(node: NodeId, picture: Picture, usual: Group): void {
    const { doubted, totals, nameOf, exclude, framesOf } = this.#options;
    this.#told.add(node);
    const { what, isBroken } = differenceOf(picture, usual.picture);
    const names = [...usual.nodes].slice(0, 3).map(nameOf).join(", ");
    if (!isBroken || usual.nodes.size < 2) {
      totals.warn("NODES_DIFFER", `Its small picture of the scene is not that of ${names}: ${what}`, nameOf(node));
      return;
    }
    const message = `Cannot use ${nameOf(node)}: its small picture of the scene is not that of ${names}: ${what}`;
    exclude(
      node,
      new FarmError("FARM_NODE_EXCLUDED", message, "Render a frame of this scene in Blender on that machine"),
    );
    doubted.later(async () => void (await doubted.takeOut(framesOf(node), what, null)));
  }
}

/** Whether two pictures are the same, but for what other processors and graphics cards may do. */
function agree(one: Picture, other: Picture): boolean {
  if (one.width !== other.width || one.height !== other.height) return false;
  let [sum, large] = [0, 0];
  one.rgb.forEach((value, at) => {
    const difference = Math.abs(value - (other.rgb[at] ?? 0));
    sum += difference;
    if (difference > largeDifference) large++;
  });
  return sum / one.rgb.length <= mostMean && large / one.rgb.length <= mostLarge;
}

/** What is different about a picture, and whether it cannot be right. */
function differenceOf(picture: Picture, usual: Picture): { readonly what: string; readonly isBroken: boolean } {
  const { width, height, rgb } = picture;
  if (width !== usual.width || height !== usual.height) {
    return { what: `it has another size (${width}×${height}, not ${usual.width}×${usual.height})`, isBroken: true };
  }
  if (meanOf(rgb) < blackMean && meanOf(usual.rgb) > brightMean) return { what: "it is black", isBroken: true };
  if (isFlat(rgb) && !isFlat(usual.rgb)) return { what: "it is one flat colour", isBroken: true };
  if (magentaOf(rgb) > magentaOf(usual.rgb) + missingShare) return { what: "textures are missing", isBroken: true };
  return { what: "it has other colours", isBroken: false };
}

function meanOf(rgb: Buffer): number {
  return rgb.reduce((sum, value) => sum + value, 0) / rgb.length;
}

function isFlat(rgb: Buffer): boolean {
  return rgb.every((value, at) => value === rgb[at % 3]);
}

function magentaOf(rgb: Buffer): number {
  let magenta = 0;
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3);
    if (red > 150 && blue > 150 && green < 80) magenta++;
  }
  return (3 * magenta) / rgb.length;
}
