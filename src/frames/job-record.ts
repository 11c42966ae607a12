import { FarmError, systemCodeOf } from "../core/errors.ts";
import { readOwnFile } from "../system/files/own-file.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import { isObject } from "./frame-record.ts";

/** What `job.json` keeps of a job, from run to run. */
export interface JobRecord {
  /** Of this file's form. */
  readonly format: 1;
  /** 32 hexadecimal digits. */
  readonly job: string;
  /** How many coordinators have worked on this job, this one included. */
  readonly run: number;
  /** See `fingerprintOf`. */
  readonly fingerprint: string;
  /** `null` when versions were mixed. */
  readonly blenderVersion: string | null;
  readonly blend: { readonly sha256: string; readonly sizeBytes: number };
  /** What was asked for in the latest run, for people who read the file. Holds no secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the video is made of, once the scene is known; `null` before. Its form is the farm's affair. */
  readonly facts: Readonly<Record<string, unknown>> | null;
}

/**
 * @returns `null` when there is none, or when it is not readable as one: the job then begins anew
 * @throws {FarmError} `FARM_JOB_CHANGED` when a later release wrote it, `FARM_UNSAFE_PATH` when it is a link
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

/** Whole or not at all, whatever happens meanwhile. */
export async function writeJobRecord(path: string, record: JobRecord): Promise<void> {
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

function laterFormat(path: string): FarmError {
  return new FarmError(
    "FARM_JOB_CHANGED",
    `Cannot read ${path}: a later release of renderfarm wrote it`,
    "Use that release, or move the job folder away to begin anew",
  );
}
