import { TokenBucket, type TokenRate } from "../../core/token-bucket.ts";
import { counted, type FarmEvent } from "../../index.ts";

/** Characters of a log line besides the event's texts: its time, its type, the names of its fields. */
const bareLine = 150;

/**
 * Characters of one node's lines. The capacity covers a node that renders faster than we store; the rate keeps the log
 * of a whole day below 100 MB.
 */
const ofNode: TokenRate = { capacity: 2_000_000, everyMs: 1 };
/** Added for each stored frame, whose lines take a third of it. So no line of a working node is dropped. */
const perStoredFrame = 2_000;

/** For all lines about nodes that take no part: one machine on the network can answer under any number of names. */
const ofUnused: TokenRate = { capacity: 200_000, everyMs: 10 };
const unused = "unused";

/** For lines about failed frames: their texts come from nodes. The job's error names all of these frames anyway. */
const ofFailures: TokenRate = { capacity: 50_000_000, everyMs: 1 };
const failures = "failures";

/** Accounts that do not belong to a single node, with a text for the warning. */
const shared: Readonly<Record<string, { readonly rate: TokenRate; readonly about: string }>> = {
  [unused]: { rate: ofUnused, about: " about nodes that take no part" },
  [failures]: { rate: ofFailures, about: " about failed frames" },
};

interface Account {
  readonly bucket: TokenBucket;
  dropped: number;
}

/**
 * Limits how many lines about one node reach the terminal and the log. Nodes that take no part share one limit, because
 * one machine can pose as many. Dropped lines are counted, and warnings give their number.
 */
export class LineBudget {
  readonly #monotonicMs: () => number;
  readonly #accounts = new Map<string, Account>();
  /** Alarms that were passed on and are not over. */
  readonly #alarms = new Set<string>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** @returns The event if there is room for it; otherwise nothing, or a warning with the number of dropped lines */
  spend(event: FarmEvent): readonly FarmEvent[] {
    // Free, because its alarm was paid for: otherwise the summary would repeat what is over.
    if (event.type === "alarm:ended") return this.#alarms.delete(alarmOf(event)) ? [event] : [];
    const payer = payerOf(event);
    if (payer === undefined) return [event];
    const atMs = this.#monotonicMs();
    const account = this.#accountOf(payer, atMs);
    if (event.type === "frame:stored") {
      account.bucket.add(perStoredFrame, atMs);
      return [event];
    }
    if (account.bucket.take(costOf(event), atMs)) {
      if (payer === unused && "name" in event && "message" in event) this.#alarms.add(alarmOf(event));
      return [event];
    }
    account.dropped += 1;
    // The first, tenth, hundredth …: the warnings show that it continues, and are few themselves.
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

/** The account that pays for the event's line; `undefined` if no node decides how many such lines there are. */
function payerOf(event: FarmEvent): string | undefined {
  if (event.type === "node:excluded" || event.type === "node:unreachable") return unused;
  if (event.type === "frame:failed") return failures;
  // At most two per second and slot, and never in the log. They must not use up the budget for the end of a long frame.
  if (event.type === "frame:progressed") return undefined;
  return "node" in event ? event.node : undefined;
}

function alarmOf({ name, message }: { readonly name: string | null; readonly message: string }): string {
  return `${name} ${message}`;
}

function costOf(event: FarmEvent): number {
  return Object.values(event).reduce(
    (sum: number, value) => sum + (typeof value === "string" ? value.length : 0),
    bareLine,
  );
}
