import type { FarmError } from "../../core/errors.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { NodeId, Sighting } from "../../core/node.ts";
import type { Dial } from "../../session/link.ts";
import type { FarmEvent } from "../events.ts";

/** A node that may take part, and how to open a link to it: by dialling its address, or by handing over a link. */
export interface Candidate {
  readonly sighting: Sighting;
  readonly dial: Dial;
  /** A key that only this node has, for example one that this program gave it. */
  readonly key?: FarmKey;
  /** Whether it is on this machine, runs as the same user, and so sees the same files. */
  readonly isLocal?: boolean;
}

/** What a source may ask of the fleet and report to it. */
export interface NodeSourceHost {
  /** Adds a node: a new one, or a known one that was seen again, perhaps at another address. */
  add(candidate: Candidate): void;
  /** How many nodes all sources have added so far. */
  readonly size: number;
  /** Whether a node has taken part in this job, or has proved its key to this machine before. */
  isKnown(node: NodeId): boolean;
  /** The node takes no part from now on. */
  exclude(node: NodeId, reason: FarmError): void;
  /** A bug in the source: the job must fail. */
  fail(error: unknown): void;
  tell(event: FarmEvent): void;
}

/**
 * Where nodes come from. The fleet knows nothing else about it, so nodes that dial in, or that a cluster starts, need
 * only another implementation.
 */
export interface NodeSource {
  /**
   * Adds the nodes that are there now. More may follow until the signal is aborted.
   *
   * @param host Takes the nodes
   * @param signal Aborted when the job ends or the user stops it, even during the first look
   * @returns Resolves when the first look is over
   * @throws {FarmError} Why this source can have no node at all; the signal's reason
   */
  look(host: NodeSourceHost, signal: AbortSignal): Promise<void>;

  /**
   * Resolves when everything that the source started has ended. Called once, after the job.
   *
   * @throws An error in the background that was not reported before
   */
  close(): Promise<void>;
}

/** What a companion may ask of the fleet and report to it. */
export interface CompanionHost extends NodeSourceHost {
  /** Addresses and names of the machines of all nodes that were found. */
  readonly hosts: readonly string[];
  /** Why a node with this version of Blender may not take part; `undefined` if it may. */
  exclusionOf(blender: string): string | undefined;
}

/** A node that joins others, once these have decided the job's Blender version. */
export interface NodeCompanion extends Pick<NodeSource, "close"> {
  /**
   * Adds its node, or tells why there is none.
   *
   * @throws The signal's reason
   */
  join(host: CompanionHost, signal: AbortSignal): Promise<void>;
}

/** The sources of a job. */
export interface NodeSources {
  /** All look at once. The fleet waits for a later one only if no node of an earlier one can be used. */
  readonly sources: readonly NodeSource[];
  /** Used if the others bring nothing; `null` for none. */
  readonly fallback: {
    readonly source: NodeSource;
    /** `none-found`: if no node was found at all. `none-usable`: also if none of those that were found can be used. */
    readonly when: "none-found" | "none-usable";
  } | null;
  /** Joins the nodes of the others; `null` for none. */
  readonly companion: NodeCompanion | null;
}
