import { afterEach, beforeEach, expect, test } from "vitest";
import { checkScene } from "../../src/farm/check-scene.ts";
import type { FromNode } from "../../src/session/protocol.ts";
import { ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";

const cloth = { kind: "cloth", owner: "Object 'Flag'" };

let farm: ScriptedFarm;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(() => farm[Symbol.asyncDispose]());

/** Starts a node whose scene has a cloth that is not baked; it answers about the order as told. */
async function startNode(answer: Pick<Extract<FromNode, { type: "order-checked" }>, "differing" | "error"> | "gone") {
  const started = await farm.start();
  const { node, server } = started;
  node.options.onMessage = (message, conversation) => {
    if (message.type !== "order-check") return false;
    if (answer === "gone") server.cut();
    else void conversation.send({ type: "order-checked", number: message.number, ...answer });
    return true;
  };
  node.options.say = (message) =>
    message.type === "job-loaded" ? [{ ...message, scene: { ...message.scene, simulations: [cloth] } }] : [message];
  return started;
}

const checked = (node: ScriptedNode, isDeep = false) =>
  checkScene({ ...farm.requestFor([node], { frames: "1-9" }) }, { isDeep });

test("a check renders nothing, not even a small picture, and says that a node will bake", async () => {
  const node = await startNode({ differing: [], error: null });
  const check = await checked(node);
  expect(check).toMatchObject({ error: null, order: null, scene: { count: 9 } });
  expect(check.warnings).toMatchObject([
    { message: expect.stringMatching(/^Not baked: cloth .*: one node bakes them/) },
  ]);
  expect(node.node.heard).toContainEqual(expect.objectContaining({ type: "job-load", sampleFrom: null }));
});

test("a deep check tells which frames differ", async () => {
  const differing = [{ frame: 9, what: ["Object 'Flag'"] }];
  const { order } = await checked(await startNode({ differing, error: null }), true);
  expect(order).toEqual({ frames: [1, 5, 9], differing });
});

test.each([
  ["cannot find out", { differing: [], error: { code: "TIMED_OUT", message: "it took too long", hint: "", log: [] } }],
  ["is lost meanwhile", "gone" as const],
])("a node that %s costs a deep check the experiment, and nothing else", async (_, answer) => {
  const check = await checked(await startNode(answer), true);
  expect(check).toMatchObject({ error: null, order: null, scene: { count: 9 } });
  expect(check.warnings).toContainEqual(
    expect.objectContaining({ code: "ORDER_UNKNOWN", message: expect.stringMatching(/^Cannot find out if the order/) }),
  );
});
