import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { NodeSession } from "../../src/session/node-session.ts";
import type { FrameResult } from "../../src/session/protocol.ts";
import { HostileNode, hostileId, sharedKey } from "../support/fuzz/fuzz-hostile-node.ts";
import { fuzz, refusal } from "../support/fuzz/fuzz-run.ts";
import { fuzzRuns } from "../support/fuzz/fuzz-seed.ts";
import { makeLinkPair } from "../support/nodes/link-pair.ts";
import type { Dice } from "../support/simulation/simulate-dice.mjs";

vi.setConfig({ testTimeout: 120_000 });
const job = "a".repeat(32);
const result: FrameResult = {
  ...{ frame: 1, attempt: 1, slot: 0, sha256: "0".repeat(64), sizeBytes: 80, width: 4, height: 4, depth: 8 },
  ...{ colorMode: "RGB", seconds: 1, device: "CPU" },
};

/** Does everything a job does with a session, all at once. */
function askEverything(session: NodeSession, dice: Dice, signal: AbortSignal): Promise<unknown>[] {
  let taken = 0;
  const sink = async (data: Buffer) => {
    taken += data.length;
    if (taken > result.sizeBytes) throw new Error("More than the result holds was passed on");
    if (dice.chance(0.2)) await setImmediate(); // a slow disk
  };
  return [
    session.openJob(job, { name: "film", holder: "me" }, signal),
    session.loadJob({ job, blend: "b".repeat(64), scene: null, colorMode: null }, signal),
    session.fetch(result, sink, signal),
    session.fetch({ ...result, attempt: 2 }, async () => {}, signal),
    session.assign(0, 1, 1),
    session.release(1, 1),
    session.closeJob(job, signal),
  ];
}

/** @returns Whether the greeting succeeded, and how many messages the node sent */
async function converse(dice: Dice): Promise<{ isOpen: boolean; sent: number }> {
  const pair = makeLinkPair();
  const node = new HostileNode(dice, pair.node);
  const giveUp = new AbortController();
  const chooseKey = () => sharedKey;
  let reports = 0;
  const opening = NodeSession.open({
    ...{ link: pair.coordinator, expectedNode: hostileId, chooseKey, signal: giveUp.signal },
    onReport: () => reports++,
  }).catch(refusal);
  await node.greet();
  if (dice.chance(0.05)) pair.node.cut();
  // The coordinator closes the link to a node that never ends its greeting; here the node leaves first.
  const session = await Promise.race([opening, setImmediate(undefined).then(() => setImmediate(undefined))]);
  if (!session) {
    await pair.node.close(1001, "");
    await opening;
    return { isOpen: false, sent: node.sent };
  }
  const asked = askEverything(session, dice, giveUp.signal).map((answer) => answer.catch(refusal));
  for (let count = dice.between(1, 80); count > 0 && !pair.node.isOver; count--) {
    await node.speak(job);
    if (dice.chance(0.3)) await setImmediate();
  }
  await setImmediate();
  if (dice.chance(0.3)) giveUp.abort(undefined);
  if (dice.chance(0.5)) pair.node.cut();
  await session[Symbol.asyncDispose]();
  await Promise.all(asked.map((answer) => answer.catch((error) => expect(error).toBe(giveUp.signal.reason))));
  expect(reports).toBeLessThanOrEqual(node.sent);
  return { isOpen: true, sent: node.sent };
}

test("a node that has the key and sends anything in any order loses its own link, and harms nothing else", async () => {
  let [messages, open] = [0, 0];
  await fuzz("conversations with a hostile node", 1_500, async (dice) => {
    const { isOpen, sent } = await converse(dice);
    messages += sent;
    open += Number(isOpen);
  });
  console.log(`fuzz: ${messages} messages in these conversations, ${open} of them got beyond the greeting`);
  expect(open).toBeGreaterThan(fuzzRuns(800));
});
