import { createDiffieHellmanGroup, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type FarmKey, makeFarmKey } from "../../src/core/farm-key.ts";
import { FailureLimit } from "../../src/pairing/failure-limit.ts";
import { inviteOver } from "../../src/pairing/inviting.ts";
import { joinOver } from "../../src/pairing/joining.ts";
import { commitmentOf, PairingSecret, toHex } from "../../src/pairing/secrets.ts";
import { type MemoryLink, pairingLinks } from "../support/pairing-links.ts";

const never = new AbortController().signal;
const id = "0123456789abcdef0123456789abcdef";

/** The joining side on a link. `code` resolves when it shows one. */
function joining(link: MemoryLink, keyId: string, limit = new FailureLimit(() => 0)) {
  const kept: FarmKey[] = [];
  let show: (code: string) => void = () => {};
  const code = new Promise<string>((resolve) => {
    show = resolve;
  });
  const handlers = {
    onCode: (shown: string) => show(shown),
    keep: async (key: FarmKey) => {
      kept.push(key);
    },
  };
  const joined = joinOver(link, { id, name: "cellar", keyId }, limit, handlers, never);
  joined.catch(() => {});
  return { code, joined, kept, limit };
}

/** The inviting side on a link; `type` answers its question. */
function inviting(link: MemoryLink, key: FarmKey, limit = new FailureLimit(() => 0)) {
  let type: (code: string | undefined) => void = () => {};
  const typed = new Promise<string | undefined>((resolve) => {
    type = resolve;
  });
  let asked: () => void = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const ask = (_name: string, signal: AbortSignal) => {
    asked();
    const withdrawn = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    return Promise.race([typed, withdrawn]);
  };
  const invited = inviteOver(link, { key, name: "attic" }, limit, ask, never);
  invited.catch(() => {});
  return { type, isAsked, invited, limit };
}

test("the key travels once the code of the joining machine is typed, and nothing on the link shows it", async () => {
  const key = makeFarmKey();
  const { inviter, joiner } = pairingLinks();
  const desk = inviting(inviter, key);
  const cellar = joining(joiner, key.id);
  const code = await cellar.code;
  expect(code).toMatch(/^\d{6}$/);
  desk.type(`${code.slice(0, 3)} ${code.slice(3)}`);
  expect(await desk.invited).toBe(true);
  expect((await cellar.joined).bytes).toEqual(key.bytes);
  expect(cellar.kept).toHaveLength(1);
  const said = JSON.stringify([inviter.sent, joiner.sent]);
  for (const secret of [key.bytes.toString("hex"), key.bytes.toString("base64"), code])
    expect(said).not.toContain(secret);
});

test("another code ends the exchange: no key is sent, and the code is worth nothing afterwards", async () => {
  const key = makeFarmKey();
  const { inviter, joiner } = pairingLinks();
  const desk = inviting(inviter, key);
  const cellar = joining(joiner, key.id);
  const code = await cellar.code;
  desk.type(code === "000000" ? "000001" : "000000");
  await expect(desk.invited).rejects.toThrow("not the code");
  await expect(cellar.joined).rejects.toMatchObject({ code: "FARM_NOT_JOINED", reason: "wrong-code" });
  expect(inviter.sent.map(({ type }) => type)).toEqual(["invite", "value", "stop"]);
  expect(cellar.kept).toEqual([]);
  // The same messages again are another exchange, with another code.
  const again = pairingLinks();
  const second = inviting(again.inviter, key);
  await again.joiner.next();
  for (const message of joiner.sent) again.joiner.say(message);
  await second.isAsked;
  second.type(code);
  await expect(second.invited).rejects.toThrow("not the code");
});

test("somebody who gives no code has invited nobody, and that is no failure", async () => {
  const key = makeFarmKey();
  const limit = new FailureLimit(() => 0);
  for (let times = 0; times < 3; times += 1) {
    const { inviter, joiner } = pairingLinks();
    const desk = inviting(inviter, key, limit);
    const cellar = joining(joiner, key.id);
    await cellar.code;
    desk.type(undefined);
    expect(await desk.invited).toBe(false);
    await expect(cellar.joined).rejects.toMatchObject({ reason: "cancelled" });
  }
  expect(limit.pausedMs).toBe(0);
});

test("a rogue in the middle shows one code and is asked for another", async () => {
  const key = makeFarmKey();
  const towardsDesk = pairingLinks();
  const towardsCellar = pairingLinks();
  const desk = inviting(towardsDesk.inviter, key);
  const cellar = joining(towardsCellar.joiner, key.id);
  const [asJoiner, asInviter] = [towardsDesk.joiner, towardsCellar.inviter];
  const [mine, other] = [new PairingSecret(), new PairingSecret()];
  // It passes on the names, and puts its own values in place of both sides'.
  asInviter.say(await asJoiner.next());
  const commit = await asInviter.next();
  asJoiner.say({ ...commit, commitment: commitmentOf(mine.opening).toString("hex") });
  await asJoiner.next();
  asInviter.say({ type: "value", ...toHex(other.opening) });
  await asInviter.next();
  asJoiner.say({ type: "open", ...toHex(mine.opening) });
  await desk.isAsked;
  desk.type(await cellar.code);
  await expect(desk.invited).rejects.toThrow("not the code");
  expect(towardsDesk.inviter.sent.map(({ type }) => type)).not.toContain("key");
  // Nor can it give the joining machine a key itself that was meant for this exchange.
  asInviter.say({ type: "key", iv: "0".repeat(24), sealed: key.bytes.toString("hex"), tag: "0".repeat(32) });
  await expect(cellar.joined).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
  expect(cellar.kept).toEqual([]);
});

test("a rogue cannot choose its value after it has seen the inviting machine's", async () => {
  const { inviter, joiner } = pairingLinks();
  const desk = inviting(inviter, makeFarmKey());
  await joiner.next();
  const [committed, chosenLater] = [new PairingSecret(), new PairingSecret()];
  joiner.say({
    type: "commit",
    pairing: 1,
    id,
    name: "cellar",
    commitment: commitmentOf(committed.opening).toString("hex"),
  });
  await joiner.next();
  joiner.say({ type: "open", ...toHex(chosenLater.opening) });
  await expect(desk.invited).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
  expect(await joiner.next()).toEqual({ type: "stop", reason: "bad-message" });
});

const groupPrime = createDiffieHellmanGroup("modp14").getPrime("hex");

test.each([
  ["0", 0n],
  ["1", 1n],
  ["p − 1", -1n],
  ["p", 0n],
  ["p + 1", 1n],
])("the public value %s, with which the secret could be foreseen, is refused by both sides", async (what, more) => {
  const p = BigInt(`0x${groupPrime}`);
  const value = what.startsWith("p") ? p + more : more;
  const opening = { public: Buffer.from(value.toString(16).padStart(512, "0"), "hex"), nonce: randomBytes(32) };
  const one = pairingLinks();
  const desk = inviting(one.inviter, makeFarmKey());
  await one.joiner.next();
  one.joiner.say({ type: "commit", pairing: 1, id, name: "cellar", commitment: commitmentOf(opening).toString("hex") });
  await one.joiner.next();
  one.joiner.say({ type: "open", ...toHex(opening) });
  await expect(desk.invited).rejects.toMatchObject({ message: expect.stringContaining("not in the group") });

  const other = pairingLinks();
  const cellar = joining(other.joiner, "0a1b2c3d");
  other.inviter.say({ type: "invite", pairing: 1, keyId: "0a1b2c3d", name: "attic" });
  await other.inviter.next();
  other.inviter.say({ type: "value", ...toHex(opening) });
  await expect(cellar.joined).rejects.toMatchObject({ message: expect.stringContaining("not in the group") });
});

test("a rogue that begins again whenever it has lost is stopped after three times, on both sides", async () => {
  const key = makeFarmKey();
  let nowMs = 0;
  const limits = [new FailureLimit(() => nowMs), new FailureLimit(() => nowMs)] as const;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(limits.map(({ pausedMs }) => pausedMs)).toEqual([0, 0]);
    const one = pairingLinks();
    const desk = inviting(one.inviter, key, limits[0]);
    await one.joiner.next();
    const secret = new PairingSecret();
    one.joiner.say({
      type: "commit",
      pairing: 1,
      id,
      name: "cellar",
      commitment: commitmentOf(secret.opening).toString("hex"),
    });
    await one.joiner.next(); // now it knows this code, and goes
    await one.joiner.close();
    await expect(desk.invited).rejects.toMatchObject({ code: "FARM_LINK_LOST" });

    const other = pairingLinks();
    const cellar = joining(other.joiner, key.id, limits[1]);
    other.inviter.say({ type: "invite", pairing: 1, keyId: key.id, name: "attic" });
    await other.inviter.next();
    other.inviter.say({ type: "value", ...toHex(new PairingSecret().opening) });
    await other.inviter.next();
    await other.inviter.close();
    await expect(cellar.joined).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
  }
  expect(limits.map(({ pausedMs }) => pausedMs)).toEqual([60_000, 60_000]);
  const paused = pairingLinks();
  await expect(inviting(paused.inviter, key, limits[0]).invited).rejects.toMatchObject({
    ...{ code: "FARM_NOT_JOINED", message: expect.stringContaining("joining has failed three times") },
  });
  expect(paused.inviter.sent).toEqual([]);
  nowMs += 60_000;
  expect(limits.map(({ pausedMs }) => pausedMs)).toEqual([0, 0]);
});

test("an invitation to another farm, another key than promised and a rubbish message are refused", async () => {
  const [key, otherKey] = [makeFarmKey(), makeFarmKey()];
  const one = pairingLinks();
  const cellar = joining(one.joiner, key.id);
  one.inviter.say({ type: "invite", pairing: 1, keyId: otherKey.id, name: "attic" });
  await expect(cellar.joined).rejects.toMatchObject({ reason: "other-farm" });
  expect(one.joiner.sent).toEqual([{ type: "stop", reason: "other-farm" }]);

  const two = pairingLinks();
  const loft = joining(two.joiner, key.id);
  const lying = inviting(two.inviter, { bytes: otherKey.bytes, id: key.id });
  lying.type(await loft.code);
  await expect(loft.joined).rejects.toMatchObject({ message: expect.stringContaining("another key") });
  await expect(lying.invited).rejects.toMatchObject({ reason: "bad-message" });
  expect(loft.kept).toEqual([]);

  for (const rubbish of [
    "",
    "[]",
    '{"type":"invite"}',
    '{"type":"key","iv":1}',
    `{"type":"invite","pairing":2,"keyId":"${key.id}","name":"x"}`,
  ]) {
    const three = pairingLinks();
    const any = joining(three.joiner, key.id);
    three.joiner.hear(rubbish);
    await expect(any.joined).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
  }
});
