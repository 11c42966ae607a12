/** A node's id: 32 hexadecimal digits from its config folder, the same on every network and address. */
export type NodeId = string;

/** A slot's number within one job on one node, from 0. */
export type SlotId = number;

/** A Blender frame number: an integer that may be negative, never an index. */
export type Frame = number;

/** An address at which a node can be reached. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What is known about a node from mDNS, or from the user's list. */
export interface Sighting {
  /** Absent if only an address is known, as with `--nodes`. */
  readonly id?: NodeId;
  readonly name?: string;
  /** Best first. */
  readonly addresses: readonly NodeAddress[];
  readonly blenderVersion?: string;
  readonly slots?: number;
  readonly state?: "idle" | "busy";
  /** The key id that the node announced; `null` for an open node; absent if unknown. */
  readonly keyId?: string | null;
  /** Whether to connect by TLS, because the node announced it or the user said so. */
  readonly tls?: boolean;
  /** Whether it may be an open node, because the user named it. */
  readonly mayBeOpen?: boolean;
  /** The announced first 16 digits of its certificate's fingerprint. Unproven; for people to compare. */
  readonly certificate?: string;
  readonly source: "mdns" | "fixed" | "embedded";
  /** 16 random hexadecimal digits for each start of the node; absent if unknown. */
  readonly start?: string;
  /** Other nodes that announce the same id. A job uses only one of them. */
  readonly duplicates?: readonly Sighting[];
}

/** A node that the user named, on the command line or in a farmspec. */
export interface NamedNode {
  readonly address: NodeAddress;
  /** With it the node is found again after its address has changed. */
  readonly id?: NodeId;
  readonly name?: string;
  /** Whether to connect by TLS even if nothing else indicates that the node supports it. */
  readonly tls?: boolean;
  /**
   * Whether it may be an open node, because the user named it personally. For other open nodes the user is asked first,
   * because a farmspec may come from somebody else.
   */
  readonly mayBeOpen?: boolean;
}

/**
 * What a machine that was started without a farm key does: it is `looking` for a farm, about to found one (`founding`), has
 * become the `founder` of a new one, or is `joining` one and waits to be invited.
 */
export type StarterState = "looking" | "founding" | "founder" | "joining";

/** A machine that was started without a farm key, as it announces itself. Nothing of it is proved. */
export interface Starter {
  /** 32 hexadecimal digits, random for each start. */
  readonly id: string;
  readonly name: string;
  readonly state: StarterState;
  /** The id of the farm's key: of the founder's own, or of the farm to join. Absent otherwise. */
  readonly keyId?: string;
  /** The address of the machine of that farm that it asks to be invited by, if it is joining. */
  readonly at?: string;
  /** Where it waits to be invited, best first; the port has no meaning unless it is joining. */
  readonly addresses: readonly NodeAddress[];
}
