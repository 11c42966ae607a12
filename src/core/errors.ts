/** Stable identifiers. Scripts may match them, so a code is never renamed. */
export type FarmErrorCode =
  | "FARM_BAD_INPUT"
  | "FARM_UNSAFE_PATH"
  | "FARM_BLEND_NOT_FOUND"
  | "FARM_NOT_A_BLEND"
  | "FARM_OUTPUT_EXISTS"
  | "FARM_OUTPUT_UNWRITABLE"
  | "FARM_JOB_LOCKED"
  | "FARM_JOB_CHANGED"
  | "FARM_FILES_MISSING"
  | "FARM_KEY_UNUSABLE"
  | "FARM_NOT_JOINED"
  | "FARM_CERTIFICATE_REFUSED"
  | "FARM_NO_NODE"
  | "FARM_NO_BLENDER"
  | "FARM_NODE_UNREACHABLE"
  | "FARM_NODE_EXCLUDED"
  | "FARM_NODE_OPEN"
  | "FARM_LINK_LOST"
  | "FARM_BAD_MESSAGE"
  | "FARM_BLEND_REJECTED"
  | "FARM_LOAD_FAILED"
  | "FARM_FRAMES_FAILED"
  | "FARM_FRAME_INVALID"
  | "FARM_STORE_FAILED"
  | "FARM_FFMPEG_MISSING"
  | "FARM_ENCODER_MISSING"
  | "FARM_FFMPEG_EXITED"
  | "FARM_VIDEO_INCOMPLETE"
  | "FARM_INTERRUPTED";

/** Exit codes after an error or a signal; the README lists them. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 130 | 143;

const exitCodes: Record<FarmErrorCode, ExitCode> = {
  FARM_BAD_INPUT: 2,
  FARM_UNSAFE_PATH: 2,
  FARM_BLEND_NOT_FOUND: 2,
  FARM_NOT_A_BLEND: 2,
  FARM_OUTPUT_EXISTS: 2,
  FARM_OUTPUT_UNWRITABLE: 2,
  FARM_JOB_LOCKED: 2,
  FARM_JOB_CHANGED: 2,
  FARM_FILES_MISSING: 2,
  FARM_KEY_UNUSABLE: 2,
  FARM_NOT_JOINED: 3,
  FARM_CERTIFICATE_REFUSED: 2,
  FARM_NO_NODE: 3,
  FARM_NO_BLENDER: 3,
  FARM_NODE_UNREACHABLE: 3,
  FARM_NODE_EXCLUDED: 3,
  FARM_NODE_OPEN: 2,
  FARM_LINK_LOST: 3,
  FARM_BAD_MESSAGE: 3,
  FARM_BLEND_REJECTED: 3,
  FARM_LOAD_FAILED: 4,
  FARM_FRAMES_FAILED: 4,
  FARM_FRAME_INVALID: 4,
  FARM_STORE_FAILED: 2,
  FARM_FFMPEG_MISSING: 5,
  FARM_ENCODER_MISSING: 5,
  FARM_FFMPEG_EXITED: 5,
  FARM_VIDEO_INCOMPLETE: 5,
  FARM_INTERRUPTED: 130,
};

/** An error that this project throws on purpose. Any other error that reaches the CLI is a bug. */
export class FarmError extends Error {
  readonly code: FarmErrorCode;
  /** What the user can do next, in one sentence. The CLI prints it below the message. */
  readonly hint: string;

  constructor(code: FarmErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  override get name(): string {
    return this.constructor.name;
  }

  get exitCode(): ExitCode {
    return exitCodes[this.code];
  }
}

/** The text of anything that was thrown, for messages that quote another error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error, for example "ENOENT"; undefined for other errors. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof FarmError) return undefined;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Makes the compiler check that every case of a union is handled. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
