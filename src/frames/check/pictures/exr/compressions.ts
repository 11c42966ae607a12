/** How the chunks of an EXR are compressed. */
export interface ExrCompression {
  readonly kind: "none" | "rle" | "zip" | "piz" | "pxr24" | "b44" | "dwa" | "htj2k";
  /** Rows of a chunk, unless the picture has tiles. */
  readonly rows: number;
}

/** By the number in the header; Blender 5.2 writes all of them but two. */
export const exrCompressions: readonly ExrCompression[] = [
  { kind: "none", rows: 1 },
  { kind: "rle", rows: 1 },
  { kind: "zip", rows: 1 },
  { kind: "zip", rows: 16 },
  { kind: "piz", rows: 32 },
  { kind: "pxr24", rows: 16 },
  { kind: "b44", rows: 32 },
  { kind: "b44", rows: 32 },
  { kind: "dwa", rows: 32 },
  { kind: "dwa", rows: 256 },
  { kind: "htj2k", rows: 256 },
  { kind: "htj2k", rows: 32 },
];
