import { execa } from "execa";

/** What ffprobe finds when it decodes a whole video. */
export interface VideoFacts {
  readonly frames: number;
  /** As a fraction, such as "24000/1001". */
  readonly rate: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
}

/** Decodes every frame of a video and counts them: a header can be wrong. */
export async function videoFacts(file: string): Promise<VideoFacts> {
  const entries = "stream=codec_name,width,height,r_frame_rate,nb_read_frames";
  const args = [
    "-v",
    "error",
    "-count_frames",
    "-select_streams",
    "v:0",
    "-show_entries",
    entries,
    "-of",
    "json",
    file,
  ];
  const { stdout } = await execa(process.env.FFPROBE_PATH ?? "ffprobe", args);
  const [stream] = (JSON.parse(stdout) as { streams: Record<string, string | number>[] }).streams;
  if (stream === undefined) throw new Error(`Cannot find a video stream in ${file}`);
  return {
    frames: Number(stream.nb_read_frames),
    rate: String(stream.r_frame_rate),
    codec: String(stream.codec_name),
    width: Number(stream.width),
    height: Number(stream.height),
  };
}
