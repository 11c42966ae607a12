import type { VideoCodec } from "../core/video-codec.ts";

/** The properties of the frames that decide the form of the video's pictures. */
export interface FrameForm {
  readonly depth: 8 | 16;
  readonly colorMode: "BW" | "RGB" | "RGBA";
}

/** How a video stores its pictures. */
export interface PictureForm {
  /** FFmpeg's name of the pixel format. */
  readonly pixelFormat: string;
  /** Whether the width must be even, because pixels share chroma; likewise the height. */
  readonly evenWidth: boolean;
  readonly evenHeight: boolean;
  readonly color: "rec709" | "rgb" | "gray";
  readonly hasAlpha: boolean;
  /** Encoder options for this form. */
  readonly options: readonly string[];
}

/** One of FFmpeg's encoders for a codec. */
export interface CodecEncoder {
  /** FFmpeg's name of the encoder. */
  readonly name: string;
  /** Options for a quality; `crf` is 0 if the codec has none. */
  readonly options: (crf: number) => readonly string[];
  /** Builds without this option cannot be used. */
  readonly neededOption?: string;
  /** The smallest width and height that the encoder accepts, in pixels. */
  readonly leastSize?: number;
}

export interface Codec {
  readonly name: VideoCodec;
  /** The preferred one first. */
  readonly encoders: readonly CodecEncoder[];
  /** Range of the constant quality; `null` if the codec has none. */
  readonly crf: { readonly most: number; readonly usual: number } | null;
  /** Why there is no `--crf`. */
  readonly noCrf?: string;
  readonly canHaveAlpha: boolean;
  readonly formOf: (frame: FrameForm) => PictureForm;
}

const yuv420: PictureForm = {
  ...{ pixelFormat: "yuv420p", evenWidth: true, evenHeight: true, color: "rec709", hasAlpha: false, options: [] },
};

/** The usual qualities are those that the codecs' authors call visually lossless, or nearly so. */
export const codecs: Readonly<Record<VideoCodec, Codec>> = {
  h264: {
    name: "h264",
    encoders: [{ name: "libx264", options: (crf) => ["-preset", "medium", "-crf", String(crf)] }],
    crf: { most: 51, usual: 18 },
    canHaveAlpha: false,
    formOf: () => yuv420,
  },
  hevc: {
    name: "hevc",
    encoders: [
      {
        name: "libx265",
        options: (crf) => ["-preset", "medium", "-crf", String(crf), "-x265-params", "log-level=error"],
      },
    ],
    crf: { most: 51, usual: 20 },
    canHaveAlpha: false,
    formOf: () => yuv420,
  },
  av1: {
    name: "av1",
    encoders: [
      {
        name: "libsvtav1",
        options: (crf) => ["-preset", "8", "-crf", String(crf)],
        neededOption: "-crf", // since FFmpeg 5.1
        leastSize: 64,
      },
      {
        name: "libaom-av1",
        // FFmpeg 4.3 calls this encoder experimental.
        options: (crf) => [
          ...["-strict", "experimental", "-cpu-used", "6", "-row-mt", "1"],
          ...["-crf", String(crf), "-b:v", "0"],
        ],
      },
    ],
    crf: { most: 63, usual: 25 },
    canHaveAlpha: false,
    formOf: () => yuv420,
  },
  vp9: {
    name: "vp9",
    encoders: [
      {
        name: "libvpx-vp9",
        options: (crf) => [
          ...["-deadline", "good", "-cpu-used", "2", "-row-mt", "1"],
          ...["-crf", String(crf), "-b:v", "0"],
        ],
      },
    ],
    crf: { most: 63, usual: 24 },
    canHaveAlpha: true,
    // Alpha is a second stream of pictures; alternate reference frames would put the two out of step.
    formOf: ({ colorMode }) =>
      colorMode === "RGBA"
        ? { ...yuv420, pixelFormat: "yuva420p", hasAlpha: true, options: ["-auto-alt-ref", "0"] }
        : yuv420,
  },
  prores: {
    name: "prores",
    // Editing programs check the vendor, and accept only Apple's.
    encoders: [{ name: "prores_ks", options: () => ["-vendor", "apl0"] }],
    crf: null,
    noCrf: "ProRes has fixed qualities: 422 HQ, or 4444 with alpha",
    canHaveAlpha: true,
    formOf: ({ colorMode }) =>
      colorMode === "RGBA"
        ? {
            ...{ pixelFormat: "yuva444p10le", evenWidth: false, evenHeight: false, color: "rec709", hasAlpha: true },
            options: ["-profile:v", "4", "-alpha_bits", "16"],
          }
        : {
            ...{ pixelFormat: "yuv422p10le", evenWidth: true, evenHeight: false, color: "rec709", hasAlpha: false },
            options: ["-profile:v", "3"],
          },
  },
  ffv1: {
    name: "ffv1",
    // Every picture can be decoded on its own, and has checksums.
    encoders: [{ name: "ffv1", options: () => ["-level", "3", "-g", "1", "-slicecrc", "1"] }],
    crf: null,
    noCrf: "FFV1 is lossless",
    canHaveAlpha: false,
    formOf: ({ depth, colorMode }) => {
      const isDeep = depth === 16;
      const form = { evenWidth: false, evenHeight: false, hasAlpha: false, options: [] } as const;
      return colorMode === "BW"
        ? { ...form, pixelFormat: isDeep ? "gray16le" : "gray", color: "gray" }
        : { ...form, pixelFormat: isDeep ? "gbrp16le" : "bgr0", color: "rgb" };
    },
  },
};
