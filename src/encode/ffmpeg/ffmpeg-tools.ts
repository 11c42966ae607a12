import { dirname, extname, join } from "node:path";
import { FarmError } from "../../core/errors.ts";
import { isOutOfDescriptors, moreDescriptors } from "../../system/files/shortage.ts";
import { askProgram, type ProgramAnswer } from "../../system/programs/ask-program.ts";

/** The FFmpeg of this machine. */
export interface FfmpegTools {
  /** Path or name that was run successfully. */
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** In FFmpeg's own form: "5.1.9-0+deb12u1", "N-118000-g1234567". */
  readonly version: string;
}

export interface FindFfmpegOptions {
  /** The path that the user gave; then nothing else is tried. */
  readonly path?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** A program that takes longer to print its version cannot be used. */
const answerMs = 20_000;

const installCommands: Readonly<Record<string, string>> = {
  darwin: "brew install ffmpeg",
  win32: "winget install Gyan.FFmpeg",
  linux:
    "sudo apt install ffmpeg (Debian, Ubuntu), sudo dnf install ffmpeg (Fedora with RPM Fusion) or sudo pacman -S ffmpeg (Arch)",
};

/**
 * Finds FFmpeg and ffprobe, and runs each once. FFmpeg is the given path, else `FFMPEG_PATH`, else the one on PATH.
 * ffprobe is the one beside FFmpeg, else `FFPROBE_PATH`, else the one on PATH.
 *
 * @throws {FarmError} `FARM_FFMPEG_MISSING` with the command that installs it
 */
export async function findFfmpeg(options: FindFfmpegOptions = {}): Promise<FfmpegTools> {
  const { path, environment = process.env, signal } = options;
  const ffmpeg = path ?? environment.FFMPEG_PATH ?? "ffmpeg";
  const version = await versionOf(ffmpeg, signal);
  if (typeof version !== "string") throw missing("FFmpeg", ffmpeg, version);
  const isBare = dirname(ffmpeg) === "." && !ffmpeg.startsWith(".");
  const candidates = [
    ...(isBare ? [] : [join(dirname(ffmpeg), `ffprobe${extname(ffmpeg)}`)]),
    ...(environment.FFPROBE_PATH ? [environment.FFPROBE_PATH] : []),
    "ffprobe",
  ];
  let last: ProgramAnswer | undefined;
  for (const ffprobe of candidates) {
    const answer = await versionOf(ffprobe, signal);
    if (typeof answer === "string") return { ffmpeg, ffprobe, version };
    last = answer;
  }
  throw missing("ffprobe", candidates.join(", "), last);
}

/**
 * @param encoder FFmpeg's name of the encoder, for example "libx264"
 * @throws {FarmError} `FARM_ENCODER_MISSING` if this FFmpeg was built without it
 */
export async function requireEncoder(tools: FfmpegTools, encoder: string, signal?: AbortSignal): Promise<void> {
  if ((await encodersOf(tools, signal)).has(encoder)) return;
  throw encoderMissing(tools, encoder, `Install a full FFmpeg, or name one with FFMPEG_PATH: ${installCommand()}`);
}

/**
 * The encoders that FFmpeg was built with, by FFmpeg's names.
 *
 * @throws {FarmError} `FARM_FFMPEG_MISSING` if it does not answer
 */
export async function encodersOf(tools: FfmpegTools, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const stdout = await answerOf(tools, ["-encoders"], signal);
  // " V....D libx264              libx264 H.264 / AVC …"
  return new Set(stdout.split("\n").flatMap((line) => /^ [A-Z.]{6} (\S+)/.exec(line)?.[1] ?? []));
}

/**
 * Whether an encoder has an option, for example "-crf".
 *
 * @throws {FarmError} `FARM_FFMPEG_MISSING` if FFmpeg does not answer
 */
export async function hasOption(tools: FfmpegTools, encoder: string, option: string, signal?: AbortSignal) {
  const stdout = await answerOf(tools, ["-h", `encoder=${encoder}`], signal);
  return stdout.split("\n").some((line) => line.trim().startsWith(`${option} `));
}

export function encoderMissing(tools: FfmpegTools, encoder: string, hint: string): FarmError {
  return new FarmError(
    "FARM_ENCODER_MISSING",
    `Cannot encode with ${encoder}: ${tools.ffmpeg} (${tools.version}) was built without it`,
    hint,
  );
}

/** @returns The version, or the program's answer if that is not a version */
async function versionOf(program: string, signal?: AbortSignal): Promise<string | ProgramAnswer> {
  const answer = await run(program, ["-version"], signal);
  const version = /^ff(?:mpeg|probe) version (\S+)/.exec(answer.stdout)?.[1];
  return answer.failed || version === undefined ? answer : version;
}

/** Fails if FFmpeg does not answer, which must not look like an FFmpeg without any encoders. */
async function answerOf({ ffmpeg }: FfmpegTools, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const answer = await run(ffmpeg, ["-hide_banner", ...args], signal);
  if (answer.failed) throw missing("FFmpeg", ffmpeg, answer);
  return answer.stdout;
}

function run(program: string, args: readonly string[], signal?: AbortSignal) {
  return askProgram(program, args, { timeoutMs: answerMs, signal });
}

function missing(what: string, tried: string, answer?: ProgramAnswer): FarmError {
  const why = answer?.failed ? ` (${answer.why})` : "";
  return new FarmError(
    "FARM_FFMPEG_MISSING",
    `Cannot run ${what}: ${tried}${why}`,
    isOutOfDescriptors(answer?.systemCode)
      ? moreDescriptors
      : `Install FFmpeg, or name it with FFMPEG_PATH: ${installCommand()}`,
  );
}

function installCommand(): string {
  return installCommands[process.platform] ?? "see https://ffmpeg.org/download.html";
}
