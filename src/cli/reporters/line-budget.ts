import { TokenBucket, type TokenRate } from "../../core/token-bucket.ts";
import { counted, type FarmEvent } from "../../index.ts";

/** What a line of the log holds beside the event's texts, in characters: its time, its type, the names of its fields. */
const bareLine = 150;

/**
 * Characters of one node's lines. The capacity covers a node that renders faster than we store; the rate keeps the log of
 * a whole day below 100 MB.
 */
const ofNode: TokenRate = { capacity: 2_000_000, everyMs: 1 };
/** Added for each stored frame, whose lines take a third of it. So a node that works loses no line. */
const perStoredFrame = 2_000;

/** Lines about all nodes together that take no part: anybody can answer on a network, under any number of names. */
const ofUnused: TokenRate = { capacity: 200_000, everyMs: 10 };
const unused = "unused";

/** Lines about failed frames: their texts come from nodes. The error at the end names all of these frames. */
const ofFailures: TokenRate = { capacity: 50_000_000, everyMs: 1 };
const failures = "failures";

/** Accounts that are no single node's, and what a warning says they are about. */
const shared: Readonly<Record<string, { readonly rate: TokenRate; readonly about: string }>> = {
  [unused]: { rate: ofUnused, about: " about nodes that take no part" },
  [failures]: { rate: ofFailures, about: " about failed frames" },
};

interface Account {
  readonly bucket: TokenBucket;
  dropped: number;
}

/**
 * Limits how many lines about one node reach the terminal and the log, and how many about nodes that take no part, since
 * one machine can pass itself off as many. Dropped lines are counted, and warnings give their number.
 */
export class LineBudget {
  readonly #monotonicMs: () => number;
  readonly #accounts = new Map<string, Account>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** @returns What to report: the event; or, in its place, nothing or a warning with the number of dropped lines */
  spend(event: FarmEvent): readonly FarmEvent[] {
    const payer = payerOf(event);
    if (payer === undefined) return [event];
    const atMs = this.#monotonicMs();
    const account = this.#accountOf(payer, atMs);
    if (event.type === "frame:stored") {
      account.bucket.add(perStoredFrame, atMs);
      return [event];
    }
    if (account.bucket.take(costOf(event), atMs)) return [event];
    account.dropped += 1;
    // The first, tenth, hundredth …: the warning shows that it continues, and never takes many lines itself.
    if (!/^10*$/.test(String(account.dropped))) return [];
    const about = shared[payer]?.about;
    const name = about === undefined && "name" in event ? event.name : null;
    const message = `${counted(account.dropped, "line")}${about ?? ""} dropped so far: there are more than a log can hold`;
    return [{ type: "warning", code: "LINES_DROPPED", message, name }];
  }

  #accountOf(payer: string, atMs: number): Account {
    const known = this.#accounts.get(payer);
    if (known !== undefined) return known;
    const account = { bucket: new TokenBucket(shared[payer]?.rate ?? ofNode, atMs), dropped: 0 };
    this.#accounts.set(payer, account);
    return account;
  }
}

/** Whose account pays for the event's line; `undefined` when no node decides how many such lines there are. */
function payerOf(event: FarmEvent): string | undefined {
  if (event.type === "node:excluded" || event.type === "node:unreachable") return unused;
  if (event.type === "frame:failed") return failures;
  // At most two a second and slot, and never in the log. They must not use up what the end of a long frame needs.
  if (event.type === "frame:progressed") return undefined;
  return "node" in event ? event.node : undefined;
}

function costOf(event: FarmEvent): number {
  return Object.values(event).reduce(
    (sum: number, value) => sum + (typeof value === "string" ? value.length : 0),
    bareLine,
  );
}
