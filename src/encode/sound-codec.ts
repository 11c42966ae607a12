import type { VideoFormat } from "./output-format.ts";

/** Sound for a video. */
export interface SoundTrack {
  /** A file that FFmpeg reads. */
  readonly path: string;
  /** Silence before it, in seconds. */
  readonly leadSeconds: number;
  /** How long the video lasts. */
  readonly seconds: number;
}

/** How sound is compressed. */
export interface SoundCodec {
  /** FFmpeg's name of the encoder. */
  readonly encoder: string;
  readonly options: readonly string[];
}

const aac = codecOf("aac", "192k");
const opus = codecOf("libopus", "160k");
const flac = codecOf("flac");

/** AAC, which every player of these files knows; Opus in Matroska and WebM; FLAC where the pictures are lossless too. */
export function soundCodecOf({ muxer, codec }: Pick<VideoFormat, "muxer" | "codec">): SoundCodec {
  if (muxer === "mp4" || muxer === "mov") return aac;
  return codec.name === "ffv1" ? flac : opus;
}

function codecOf(encoder: string, rate?: string): SoundCodec {
  return { encoder, options: ["-c:a", encoder, ...(rate === undefined ? [] : ["-b:a", rate])] };
}
