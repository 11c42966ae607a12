import { describe, expect, test } from "vitest";
import { parseFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey, openKey } from "../../src/core/farm-key.ts";
import { type ChooseKey, greet } from "../../src/session/greeting.ts";
import { FakeNode, type FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { makeLinkPair } from "../support/nodes/link-pair.ts";

const key = makeFarmKey();
const chooseOurs: ChooseKey = () => key;

function join(options: FakeNodeOptions) {
  const node = new FakeNode({ key, ...options });
  const pair = makeLinkPair();
  const serving = node.serve(pair.node).catch(() => {});
  return { node, pair, serving };
}

test("greet() gives both sides the same session key", async () => {
  const { node, pair } = join({});
  const greeting = await greet(pair.coordinator, node.id, chooseOurs);
  expect(greeting.node).toBe(node.id);
  expect(greeting.sessionKey.length).toBe(32);
});

test("greet() asks for the key with the id that the node named", async () => {
  const { node, pair } = join({});
  let asked: unknown;
  await greet(pair.coordinator, undefined, (claim) => {
    asked = claim;
    return key;
  });
  expect(asked).toEqual({ node: node.id, keyId: key.id });
});

test("greet() sends no proof when no key is chosen: the node learns only a nonce", async () => {
  const { pair } = join({});
  const refusal = new Error("not with this one");
  const greeting = greet(pair.coordinator, undefined, () => {
    throw refusal;
  });
  await expect(greeting).rejects.toBe(refusal);
  expect(pair.coordinator.sent.map((message) => JSON.parse(String(message)).type)).toEqual(["hello"]);
});

test("greet() never sends the key, or anything that would give it away to somebody who knows the nonce", async () => {
  const { pair } = join({});
  await greet(pair.coordinator, undefined, chooseOurs);
  const sent = pair.coordinator.sent.join("\n");
  expect(sent).not.toContain(key.bytes.toString("hex"));
  expect(sent).not.toContain(key.bytes.toString("base64"));
});

test("greet() of an open node works only with the empty key", async () => {
  await greet(join({ key: null }).pair.coordinator, undefined, () => openKey);
  const keyed = greet(join({ key: null }).pair.coordinator, undefined, chooseOurs);
  await expect(keyed).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
});

describe("greet() ends with an error when the node", () => {
  const cases: [why: string, options: FakeNodeOptions, code: string][] = [
    ["has a different key with the same id", { key: { ...makeFarmKey(), id: key.id } }, "FARM_KEY_UNUSABLE"],
    ["gives a wrong proof", { welcome: () => ({ type: "welcome", proof: "0".repeat(64) }) }, "FARM_KEY_UNUSABLE"],
    ["is not the node that was expected there", { challenge: { node: "0".repeat(32) } }, "FARM_NODE_UNREACHABLE"],
    ["speaks another version", { challenge: { protocol: 2 } }, "FARM_NODE_EXCLUDED"],
    ["says that it speaks another version", { welcome: () => error("PROTOCOL_VERSION") }, "FARM_NODE_EXCLUDED"],
    ["reports an unknown error", { welcome: () => error("TOO_TIRED") }, "FARM_NODE_EXCLUDED"],
    ["sends a short nonce", { challenge: { nonce: "00" } }, "FARM_BAD_MESSAGE"],
    ["sends no node id", { challenge: { node: undefined } }, "FARM_BAD_MESSAGE"],
    ["sends an endless name", { challenge: { keyId: null, more: "x".repeat(5_000) } }, "FARM_BAD_MESSAGE"],
    ["sends a greeting out of order", { challenge: { type: "welcome", proof: "0".repeat(64) } }, "FARM_BAD_MESSAGE"],
    ["challenges twice", { welcome: () => ({ type: "challenge" }) }, "FARM_BAD_MESSAGE"],
    ["hangs up at once", { hangsUpAfter: "connection" }, "FARM_LINK_LOST"],
    ["hangs up after the hello", { hangsUpAfter: "hello" }, "FARM_LINK_LOST"],
    ["hangs up after our proof", { hangsUpAfter: "prove" }, "FARM_LINK_LOST"],
  ];

  test.each(cases)("%s", async (_, options, code) => {
    const { node, pair } = join(options);
    const failure = greet(pair.coordinator, node.id, chooseOurs);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.not.toThrow(key.bytes.toString("hex"));
  });

  test.each(["GET / HTTP/1.1", "{", "[]", "null", "5", Buffer.from("{}")])("answers %j", async (answer) => {
    const { coordinator, node } = makeLinkPair();
    const failure = greet(coordinator, undefined, chooseOurs);
    await node.send(answer);
    await expect(failure).rejects.toMatchObject({ code: "FARM_BAD_MESSAGE" });
  });
});

test("greet() says what to do about a node whose id has changed since it was written into a farmspec", async () => {
  const { node, pair } = join({});
  const hint = expect.stringContaining(`in a farmspec, change that host's id to ${node.id}, or remove it`);
  await expect(greet(pair.coordinator, "0".repeat(32), chooseOurs)).rejects.toMatchObject({ hint });
});

describe("an attacker without the key", () => {
  test("cannot reflect the coordinator's own proof", async () => {
    let seen = "";
    const { pair } = join({ key: { bytes: Buffer.alloc(16), id: key.id }, welcome: () => undefined });
    pair.coordinator.tamper = (message) => {
      const parsed = JSON.parse(String(message));
      if (parsed.type === "prove") {
        seen = parsed.proof;
        pair.coordinator.hear(JSON.stringify({ type: "welcome", proof: seen }));
        return [];
      }
      return [message];
    };
    await expect(greet(pair.coordinator, undefined, chooseOurs)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
    expect(seen).toMatch(/^[0-9a-f]{64}$/);
  });

  test("cannot make a node prove itself by sending the coordinator's nonce back as its own", async () => {
    // Only if both nonces were the same could a reflected proof be useful; the roles in the proofs prevent it.
    const { coordinator, node } = makeLinkPair();
    const greeting = greet(coordinator, undefined, chooseOurs);
    const messages = node.messages[Symbol.asyncIterator]();
    const hello = JSON.parse(String((await messages.next()).value));
    const challenge = { type: "challenge", protocol: 1, node: "a".repeat(32), nonce: hello.nonce, keyId: key.id };
    await node.send(JSON.stringify(challenge));
    const { proof } = JSON.parse(String((await messages.next()).value));
    await node.send(JSON.stringify({ type: "welcome", proof }));
    await expect(greeting).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  });

  test("cannot replay the node's side of an earlier conversation", async () => {
    const { node, pair } = join({});
    await greet(pair.coordinator, node.id, chooseOurs);
    const [challenge, welcome] = pair.node.sent;

    const replay = makeLinkPair();
    replay.coordinator.hear(challenge ?? "");
    replay.coordinator.hear(welcome ?? "");
    await expect(greet(replay.coordinator, node.id, chooseOurs)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  });

  test("cannot pose as another node with a changed id: the real node refuses the proof", async () => {
    const { pair } = join({});
    pair.node.tamper = (message) => {
      const parsed = JSON.parse(String(message));
      return [parsed.type === "challenge" ? JSON.stringify({ ...parsed, node: "b".repeat(32) }) : message];
    };
    await expect(greet(pair.coordinator, undefined, chooseOurs)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  });

  test("cannot make the two sides use different nonces", async () => {
    const { pair } = join({});
    pair.coordinator.tamper = (message) => {
      const parsed = JSON.parse(String(message));
      return [parsed.type === "hello" ? JSON.stringify({ ...parsed, nonce: "c".repeat(64) }) : message];
    };
    await expect(greet(pair.coordinator, undefined, chooseOurs)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  });
});

test("no greeting error contains the key, however the node refuses", async () => {
  const weak = parseFarmKey("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "a test");
  const { pair } = join({ key: weak, welcome: () => error("WRONG_KEY") });
  const failure = await greet(pair.coordinator, undefined, () => weak).then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(failure).toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  expect(`${failure?.message} ${failure?.stack}`).not.toMatch(/ABCD-?EFGH/);
});

function error(code: string) {
  return { type: "error", code, message: "the node's own words" };
}
