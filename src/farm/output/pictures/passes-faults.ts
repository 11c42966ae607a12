import { formatFrames } from "../../../core/frame-range.ts";
import type { PictureForm } from "../../../core/pictures/picture-form.ts";
import { counted } from "../../../core/text.ts";
import type { PlacedPictures } from "../../../encode/pictures/node-pictures.ts";

/**
 * What the user should know about the pictures of File Output nodes, of which only a rendered frame shows how many there
 * are.
 *
 * @param passes What has come; `null` for nothing
 */
export function faultsOfPasses(passes: PlacedPictures | null, { nodes }: PictureForm): readonly string[] {
  const faults: string[] = [];
  const named = `${counted(nodes, "File Output node")} of the scene`;
  if (passes === null) return nodes > 0 ? [`${named} wrote no picture`] : [];
  const { perFrame, fewer } = passes;
  if (perFrame < nodes) {
    faults.push(`${named} should write pictures, and no frame has more than ${counted(perFrame, "picture")}`);
  }
  if (fewer.length > 0) {
    const few = `${fewer.length === 1 ? "Frame" : "Frames"} ${formatFrames(fewer)} ${fewer.length === 1 ? "has" : "have"}`;
    faults.push(`${few} fewer pictures of File Output nodes than the others, which have ${perFrame}`);
  }
  return faults;
}
