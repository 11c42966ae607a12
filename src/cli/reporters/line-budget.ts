import { counted, type FarmEvent } from "../../index.ts";

/** What one line of a log has beside the texts in it, in characters: its time, its type, the names of its fields. */
const bareLine = 150;

interface Allowance {
  /** Characters at the start, and at the most: what a node has to say that renders faster than we store. */
  readonly most: number;
  readonly perSecond: number;
}

/** Lines of one node. A day of nothing else fills a log with less than 100 MB. */
const ofNode: Allowance = { most: 2_000_000, perSecond: 1_000 };
/** For each stored frame; that it was begun, rendered and stored takes a third of it. So a node that works says all. */
const perStoredFrame = 2_000;

/** Lines about all those together who take no part: anybody can answer on a network, under any number of names. */
const ofStrangers: Allowance = { most: 200_000, perSecond: 100 };
const strangers = "strangers";

/** Lines about frames that were given up, in the words of whoever was last at each; the error at the end names them all. */
const ofFailures: Allowance = { most: 50_000_000, perSecond: 1_000 };
const failures = "failures";

/** What is said of an account that is no node's. */
const common: Readonly<Record<string, { readonly allowance: Allowance; readonly about: string }>> = {
  [strangers]: { allowance: ofStrangers, about: " about nodes that take no part" },
  [failures]: { allowance: ofFailures, about: " about frames that were given up" },
};

interface Account {
  readonly allowance: Allowance;
  left: number;
  atMs: number;
  leftOut: number;
}

/**
 * Bounds how much one node, or somebody who passes himself off as many, can have written to the terminal and to the log.
 * What is left out is told by its number.
 */
export class LineBudget {
  readonly #monotonicMs: () => number;
  readonly #accounts = new Map<string, Account>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** @returns What is to be told: the event, or nothing, or now and then how much was left out */
  spend(event: FarmEvent): readonly FarmEvent[] {
    const payer = payerOf(event);
    if (payer === undefined) return [event];
    const account = this.#accountOf(payer);
    if (event.type === "frame:stored") {
      account.left += perStoredFrame; // what is beyond the most goes at the next look
      return [event];
    }
    const cost = costOf(event);
    if (cost <= account.left) {
      account.left -= cost;
      return [event];
    }
    account.leftOut += 1;
    // The first, the tenth, the hundredth: one can see that it goes on, and it never takes many lines.
    if (!/^10*$/.test(String(account.leftOut))) return [];
    const about = common[payer]?.about;
    const name = about === undefined && "name" in event ? event.name : null;
    const message = `${counted(account.leftOut, "line")}${about ?? ""} left out so far: there are more than a log can hold`;
    return [{ type: "warning", code: "LINES_LEFT_OUT", message, name }];
  }

  #accountOf(payer: string): Account {
    const allowance = common[payer]?.allowance ?? ofNode;
    const atMs = this.#monotonicMs();
    const account = this.#accounts.get(payer) ?? { allowance, left: allowance.most, atMs, leftOut: 0 };
    this.#accounts.set(payer, account);
    const earned = ((atMs - account.atMs) / 1000) * allowance.perSecond;
    account.left = Math.min(allowance.most, account.left + earned);
    account.atMs = atMs;
    return account;
  }
}

/** On whose account a line goes; `undefined` when it is not a node that decides how many there are. */
function payerOf(event: FarmEvent): string | undefined {
  if (event.type === "node:excluded" || event.type === "node:unreachable") return strangers;
  if (event.type === "frame:failed") return failures;
  // At most two a second and slot, and no line of a log; they must not use up what a long frame's end will need.
  if (event.type === "frame:progressed") return undefined;
  return "node" in event ? event.node : undefined;
}

function costOf(event: FarmEvent): number {
  return Object.values(event).reduce(
    (sum: number, value) => sum + (typeof value === "string" ? value.length : 0),
    bareLine,
  );
}
