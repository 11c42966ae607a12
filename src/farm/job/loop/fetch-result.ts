import { FarmError } from "../../../core/errors.ts";
import type { FrameRecord } from "../../../frames/frame-record.ts";
import type { FrameStore } from "../../../frames/frame-store.ts";
import { FrameInvalidError } from "../../../frames/store-errors.ts";
import type { AttemptRef, EventBody } from "../../../scheduler/events.ts";
import type { FrameResult } from "../../../session/protocol.ts";
import type { Worker } from "../../worker.ts";

/** A result on its way from a node into the store. */
export interface ResultFetch {
  readonly worker: Worker;
  readonly result: FrameResult;
  readonly record: FrameRecord;
  readonly store: FrameStore;
  /** Called when all bytes have arrived. The result is checked and stored once the promise has resolved. */
  readonly onArrived: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Fetches one result, checks it and stores it.
 *
 * @returns The outcome, for the scheduler
 * @throws {FarmError} `FARM_STORE_FAILED` when this machine's disk is the reason, which is no node's fault
 */
export async function fetchResult(fetch: ResultFetch): Promise<EventBody> {
  const { worker, result, record, store, onArrived, signal } = fetch;
  const { node } = worker.info;
  const ref: AttemptRef & { node: string } = { node, frame: result.frame, attempt: result.attempt };
  try {
    if (!store.has(result.frame)) {
      await using incoming = await store.receive(record);
      for await (const { write, picture } of incoming.parts()) {
        const missing = await worker.fetch(result, write, signal, picture);
        if (missing !== undefined) return { type: "result-lost", ...ref, why: missing };
      }
      await onArrived();
      await incoming.commit(signal);
    }
    return { type: "frame-stored", ...ref };
  } catch (error) {
    if (!(error instanceof FarmError)) throw error;
    switch (error.code) {
      case "FARM_LINK_LOST":
        return { type: "result-lost", ...ref };
      case "FARM_FRAME_INVALID":
      case "FARM_BAD_MESSAGE":
        return { type: "result-refused", ...ref, error: refusal(error) };
      default:
        throw error;
    }
  }
}

function refusal(error: FarmError) {
  const code = error instanceof FrameInvalidError ? error.reason : "BAD_TRANSFER";
  return { code, message: error.message, hint: error.hint, fault: "node" } as const;
}
