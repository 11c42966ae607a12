/** A node's own identity: 32 hexadecimal digits from its config folder, the same on every network and address. */
export type NodeId = string;

/** A slot's number within one job on one node, from 0. */
export type SlotId = number;

/** A Blender frame number: an integer that may be negative, never an index. */
export type Frame = number;

/** Where a node can be dialled. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What discovery learned of a node, by mDNS or from a list the user gave. */
export interface Sighting {
  /** Absent when only an address is known, as with `--nodes`. */
  readonly id?: NodeId;
  readonly name?: string;
  /** Best first. */
  readonly addresses: readonly NodeAddress[];
  readonly blenderVersion?: string;
  readonly slots?: number;
  readonly state?: "idle" | "busy";
  /** Key id the node announced; `null` for an open node; absent when unknown. */
  readonly keyId?: string | null;
  /** Whether it is to be connected to by TLS, as it announced or as the user said. */
  readonly tls?: boolean;
  /** Whether it may ask for no key, because the user has named it himself. */
  readonly mayBeOpen?: boolean;
  /** First 16 digits of its certificate's fingerprint, as announced: for people to compare, proved by nothing. */
  readonly certificate?: string;
  readonly source: "mdns" | "fixed" | "embedded";
  /** Random for each start of the node, 16 hexadecimal digits; absent when unknown. */
  readonly start?: string;
  /** Other nodes that announce the same id, each as it describes itself: a job uses only one of them. */
  readonly duplicates?: readonly Sighting[];
}

/** A node that the user named, on the command line or in a farmspec. */
export interface NamedNode {
  readonly address: NodeAddress;
  /** With it the node is found again when its address has changed. */
  readonly id?: NodeId;
  readonly name?: string;
  /** Whether to connect by TLS, also when nothing else tells that it has it. */
  readonly tls?: boolean;
  /**
   * Whether it may ask for no key: for a node that the user has named himself. Of others he is asked first, since a farmspec
   * may be somebody else's.
   */
  readonly mayBeOpen?: boolean;
}
