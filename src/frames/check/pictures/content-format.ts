import type { PictureFormat } from "../../../core/pictures/picture-format.ts";
export async function formatOfContent(_path: string): Promise<PictureFormat | null> {
  return null;
}
