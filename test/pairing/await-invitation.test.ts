import { expect, test } from "vitest";
import { AsyncQueue } from "../../src/core/async-queue.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { awaitInvitation } from "../../src/pairing/await-invitation.ts";
import { FailureLimit } from "../../src/pairing/failure-limit.ts";
import { inviteOver } from "../../src/pairing/inviting.ts";
import type { PairingLink } from "../../src/pairing/link.ts";
import { PairingSecret, toHex } from "../../src/pairing/secrets.ts";
import { type MemoryLink, pairingLinks } from "../support/pairing-links.ts";
import { waitFor } from "../support/wait-for.ts";

const key = makeFarmKey();
const machine = { id: "0123456789abcdef0123456789abcdef", name: "cellar", keyId: key.id };
const never = new AbortController().signal;

/** A machine that waits to be invited, with a clock that the test moves. */
function waiting() {
  const links = new AsyncQueue<PairingLink>();
  const seen = { codes: [] as string[], pauses: [] as number[], kept: 0 };
  let nowMs = 0;
  let timeUp: () => void = () => {};
  const clock = {
    monotonicMs: () => nowMs,
    unixMs: () => nowMs,
    sleep: (_durationMs: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        timeUp = resolve;
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const handlers = {
    onCode: (code: string) => void seen.codes.push(code),
    onFailed: (_reason: string, pausedMs: number) => void seen.pauses.push(pausedMs),
    keep: async () => {
      seen.kept += 1;
    },
  };
  const joined = awaitInvitation(links, machine, handlers, never, clock);
  joined.catch(() => {});
  const connect = (): MemoryLink => {
    const { inviter, joiner } = pairingLinks();
    links.push(joiner);
    return inviter;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { seen, joined, connect, pass, timeUp: () => timeUp() };
}

/** Goes as far as the code, like a rogue that begins again until the code suits it. */
async function rollOnce(link: MemoryLink): Promise<string> {
  link.say({ type: "invite", pairing: 1, keyId: key.id, name: "attic" });
  const commit = await link.next();
  if (commit.type === "stop") return String(commit.reason);
  link.say({ type: "value", ...toHex(new PairingSecret().opening) });
  await link.next();
  await link.close();
  return "rolled";
}

test("one machine invites at a time: another one is told so, and the first one is not disturbed", async () => {
  const cellar = waiting();
  const first = cellar.connect();
  let type: (code: string) => void = () => {};
  const typed = new Promise<string>((resolve) => {
    type = resolve;
  });
  const farm = { key, name: "attic" };
  const invited = inviteOver(first, farm, new FailureLimit(() => 0), () => typed, never);
  await waitFor(() => cellar.seen.codes.length === 1, "the code");
  const second = inviteOver(cellar.connect(), farm, new FailureLimit(() => 0), () => typed, never);
  await expect(second).rejects.toMatchObject({ reason: "busy" });
  type(cellar.seen.codes[0] ?? "");
  expect(await invited).toBe(true);
  expect((await cellar.joined).id).toBe(key.id);
  expect(cellar.seen).toMatchObject({ kept: 1, pauses: [] });
});

test("a rogue that begins again until the code suits it gets three codes a minute", async () => {
  const cellar = waiting();
  for (let minute = 0; minute < 3; minute += 1) {
    const results: string[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const failures = cellar.seen.pauses.length;
      results.push(await rollOnce(cellar.connect()));
      if (results.at(-1) === "rolled") await waitFor(() => cellar.seen.pauses.length > failures, "the end of it");
    }
    expect(results).toEqual(["rolled", "rolled", "rolled", "paused", "paused"]);
    cellar.pass(60_000);
  }
  expect(cellar.seen.codes).toHaveLength(9);
  expect(cellar.seen.pauses).toEqual([0, 0, 60_000, 0, 0, 60_000, 0, 0, 60_000]);
  expect(cellar.seen.kept).toBe(0);
});

test("after five minutes it gives up, also in the middle of an exchange", async () => {
  const cellar = waiting();
  const link = cellar.connect();
  link.say({ type: "invite", pairing: 1, keyId: key.id, name: "attic" });
  await link.next();
  cellar.timeUp();
  await expect(cellar.joined).rejects.toMatchObject({ code: "FARM_NOT_JOINED" });
  await waitFor(() => link.over.aborted, "the end of the link");
});

test("a key that cannot be saved ends the waiting, and the inviting machine is told", async () => {
  const { inviter, joiner } = pairingLinks();
  const links = new AsyncQueue<PairingLink>();
  links.push(joiner);
  let code = "";
  const handlers = {
    onCode: (shown: string) => {
      code = shown;
    },
    onFailed: () => {},
    keep: () => Promise.reject(new Error("no disk")),
  };
  const joined = awaitInvitation(links, machine, handlers, never);
  joined.catch(() => {});
  const invited = inviteOver(inviter, { key, name: "attic" }, new FailureLimit(() => 0), async () => code, never);
  await expect(invited).rejects.toMatchObject({ reason: "not-saved" });
  await expect(joined).rejects.toThrow("no disk");
});
