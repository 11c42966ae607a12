import { execa } from "execa";

const rate = 48_000;

/** Writes a sound of silence with one click, in the format of the file's name. */
export async function writeClick(path: string, atSeconds: number, seconds: number): Promise<void> {
  const click = `if(between(t,${atSeconds},${atSeconds + 0.01}),0.9*sin(2*PI*1000*(t-${atSeconds})),0)`;
  const source = `aevalsrc='${click}|${click}':s=${rate}:d=${seconds}`;
  await execa("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, path]);
}

/** When the first click is heard, in seconds from the first picture; `NaN` if there is none. */
export async function clickIn(path: string): Promise<number> {
  const args = ["-v", "error", "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", String(rate), "-f", "f32le", "-"];
  const { stdout } = await execa("ffmpeg", args, { encoding: "buffer" });
  const samples = new Float32Array(Uint8Array.from(stdout).buffer);
  const first = samples.findIndex((sample) => Math.abs(sample) > 0.2);
  return first < 0 ? Number.NaN : first / rate;
}

/** The codec of each stream of a file, pictures first. */
export async function codecsIn(path: string): Promise<string[]> {
  const { stdout } = await execa("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "stream=codec_name",
    "-of",
    "csv=p=0",
    path,
  ]);
  return stdout.split("\n").filter((line) => line !== "");
}
