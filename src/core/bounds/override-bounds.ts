/** The smallest and the largest value of each override that is a number, as the protocol has them. */
export const overrideBounds = {
  /** Per pixel. */
  samples: [1, 2 ** 24],
  /** Of the scene's own size. */
  percent: [1, 1_000],
  /** The width or height of frames, in pixels. */
  side: [4, 65_536],
  seed: [0, 2 ** 31 - 1],
  /** Levels of subdivision. */
  simplify: [0, 32],
  threads: [1, 1_024],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>;
