import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../fixtures/protocol/", import.meta.url);

/** The parser that a golden file is for. */
export type GoldenDirection = "to-node" | "to-coordinator" | "both" | "handshake-to-node" | "handshake-to-coordinator";

/** Examples of one message type; the tests of both sides read them. */
export interface GoldenMessages {
  readonly type: string;
  readonly direction: GoldenDirection;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
}

/** Every golden file of messages; `goldenHandshake` reads handshake.json, which holds test vectors. */
export function goldenMessages(): GoldenMessages[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && file !== "handshake.json")
    .map((file) => ({ ...read<Omit<GoldenMessages, "type">>(file), type: file.slice(0, -".json".length) }));
}

export interface GoldenHandshake {
  readonly keys: readonly { readonly text: string; readonly hex: string; readonly keyId: string }[];
  readonly invalidKeys: readonly string[];
  /** Keys that are otherwise valid, but repeat a few letters. */
  readonly weakKeys: readonly string[];
  readonly handshakes: readonly GoldenConversation[];
  readonly refusedSealed: readonly {
    readonly why: string;
    readonly direction: "to-node" | "to-coordinator";
    readonly counter: number;
    readonly text: string;
  }[];
  readonly pieces: readonly {
    readonly transfer: number;
    readonly offset: number;
    readonly dataHex: string;
    readonly messageHex: string;
  }[];
  readonly refusedPieces: readonly string[];
}

export interface GoldenConversation {
  readonly keyHex: string;
  readonly nodeId: string;
  readonly coordinatorNonce: string;
  readonly nodeNonce: string;
  readonly tlsFingerprint: string;
  readonly coordinatorProof: string;
  readonly nodeProof: string;
  readonly sessionKey: string;
  readonly sealed?: Record<"to-node" | "to-coordinator", readonly { readonly json: string; readonly text: string }[]>;
}

export function goldenHandshake(): GoldenHandshake {
  return read("handshake.json");
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8")) as T;
}
