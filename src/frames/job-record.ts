import { FarmError, systemCodeOf } from "../core/errors.ts";
import { readOwnFile } from "../system/files/own-file.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import { isObject } from "./frame-record.ts";

/** The contents of `job.json`, which last from run to run. */
export interface JobRecord {
  /** Version of this file's form. */
  readonly format: 1;
  /** 32 hexadecimal digits. */
  readonly job: string;
  /** How many coordinators have worked on this job, including this one. */
  readonly run: number;
  /** See `fingerprintOf`. */
  readonly fingerprint: string;
  /** `null` if versions were mixed. */
  readonly blenderVersion: string | null;
  readonly blend: { readonly sha256: string; readonly sizeBytes: number };
  /** The settings of the latest run, for people who read the file. They contain no secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the video is made of, once the scene is known; `null` before. `src/farm` defines its form. */
  readonly facts: Readonly<Record<string, unknown>> | null;
}

/**
 * @returns `null` if there is none, or it is not a valid record: then a new job is started
 * @throws {FarmError} `FARM_JOB_CHANGED` if a later release wrote it, `FARM_UNSAFE_PATH` if it is a link
 */
export async function readJobRecord(path: string): Promise<JobRecord | null> {
  let value: unknown;
  try {
    value = JSON.parse(await readOwnFile(path));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isObject(value)) return null;
  if (typeof value.format === "number" && value.format > 1) throw laterFormat(path);
  const { format, job, run, fingerprint, blenderVersion, blend, settings, facts } = value;
  if (format !== 1 || typeof job !== "string" || !/^[0-9a-f]{32}$/.test(job)) return null;
  if (typeof run !== "number" || !Number.isSafeInteger(run) || run < 1 || typeof fingerprint !== "string") return null;
  if (blenderVersion !== null && typeof blenderVersion !== "string") return null;
  if (!isObject(blend) || typeof blend.sha256 !== "string" || typeof blend.sizeBytes !== "number") return null;
  const { sha256, sizeBytes } = blend;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
  return {
    ...{ format, job, run, fingerprint, blenderVersion },
    blend: { sha256, sizeBytes },
    settings: isObject(settings) ? settings : {},
    facts: isObject(facts) ? facts : null,
  };
}

/** Writes the record completely or not at all. */
export async function writeJobRecord(path: string, record: JobRecord): Promise<void> {
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

function laterFormat(path: string): FarmError {
  return new FarmError(
    "FARM_JOB_CHANGED",
    `Cannot read ${path}: a later release of renderfarm wrote it`,
    "Use that release, or move the job folder away to start over",
  );
}
