import { expect, test } from "vitest";
import { Invitations } from "../../../src/cli/pairing/invite-machines.ts";
import { FarmError } from "../../../src/core/errors.ts";
import type { Starter } from "../../../src/core/node.ts";

const never = new AbortController().signal;

function starter(name: string, host: string): Starter {
  return { id: `${name}-${host}`, name, state: "joining", keyId: "0a1b2c3d", addresses: [{ host, port: 7447 }] };
}

/** Invitations with a screen and a network that the test plays. */
function invitations(answers: {
  code?: string | undefined;
  choose?: (machines: readonly Starter[]) => Starter | undefined;
}) {
  const inviter = {
    asking: [] as Starter[],
    hasFailed: false,
    wake: () => {},
    changed: (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        inviter.wake = resolve;
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    invited: [] as string[],
    outcome: true as boolean | FarmError,
    invite: async (joiner: Starter, askCode: (name: string, signal: AbortSignal) => Promise<string | undefined>) => {
      inviter.invited.push(joiner.id);
      const code = await askCode(joiner.name, never);
      if (inviter.outcome instanceof FarmError) throw inviter.outcome;
      return code !== undefined && inviter.outcome;
    },
  };
  const seen = { lines: [] as string[], questions: [] as string[], choices: [] as string[][] };
  const screen = {
    say: (line: string) => void seen.lines.push(line),
    askCode: async (question: string) => {
      seen.questions.push(question);
      return "code" in answers ? answers.code : "123456";
    },
    choose: async (message: string, machines: readonly Starter[], signal: AbortSignal) => {
      seen.choices.push([message, ...machines.map(({ name, addresses }) => `${name} ${addresses[0]?.host}`)]);
      if (answers.choose) return answers.choose(machines);
      return await new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    },
  };
  return { inviter, seen, invitations: new Invitations(inviter, screen, ({ at }) => at !== "elsewhere") };
}

test("a machine that asks alone is asked about at once, by name and address, and is done when it is in the farm", async () => {
  const { inviter, seen, invitations: all } = invitations({});
  inviter.asking.push(starter("cellar", "10.0.0.2"));
  expect(await all.inviteOne(never)).toBe(true);
  expect(seen.questions).toEqual(["cellar (10.0.0.2) asks to join this farm. Its code (Enter alone: not now): "]);
  expect(seen.choices).toEqual([]);
  expect(all.asking).toEqual([]);
});

test("of two machines with one name a person chooses by the address, and nothing is connected to before", async () => {
  const {
    inviter,
    seen,
    invitations: all,
  } = invitations({
    choose: (machines) => {
      expect(inviter.invited).toEqual([]);
      return machines[1];
    },
  });
  inviter.asking.push(starter("cellar", "10.0.0.66"), starter("cellar", "10.0.0.2"));
  expect(await all.inviteOne(never)).toBe(true);
  expect(seen.choices[0]).toEqual(["Machines ask to join this farm", "cellar 10.0.0.66", "cellar 10.0.0.2"]);
  expect(inviter.invited).toEqual(["cellar-10.0.0.2"]);
});

test("after a failure no machine is connected to before somebody has chosen it, also under a new id", async () => {
  const { inviter, seen, invitations: all } = invitations({ choose: () => undefined });
  inviter.asking.push(starter("cellar", "10.0.0.2"));
  inviter.outcome = new FarmError("FARM_NOT_JOINED", "That is not the code", "Try again");
  expect(await all.inviteOne(never)).toBe(false);
  inviter.hasFailed = true;
  inviter.asking = [starter("cellar", "10.0.0.3")];
  expect(await all.inviteOne(never)).toBe(false);
  expect(inviter.invited).toEqual(["cellar-10.0.0.2"]);
  expect(seen.choices).toHaveLength(1);
});

test("a machine that cannot be reached is not tried over and over", async () => {
  const { inviter, invitations: all } = invitations({ choose: () => undefined });
  inviter.asking.push(starter("cellar", "10.0.0.2"));
  inviter.outcome = new FarmError("FARM_NODE_UNREACHABLE", "Cannot reach it", "Try again");
  for (let times = 0; times < 3; times += 1) await all.inviteOne(never);
  expect(inviter.invited).toHaveLength(1);
  expect(all.asking).toEqual([]); // nobody chose it
});

test("a machine that asks another one of the farm is only connected to once somebody has chosen it here", async () => {
  const { inviter, seen, invitations: all } = invitations({ choose: ([only]) => only });
  inviter.asking.push({ ...starter("cellar", "10.0.0.2"), at: "elsewhere" });
  expect(await all.inviteOne(never)).toBe(true);
  expect(seen.choices).toEqual([["A machine asks to join this farm", "cellar 10.0.0.2"]]);
});

test("a question about machines is withdrawn when others ask", async () => {
  const { inviter, seen, invitations: all } = invitations({});
  inviter.asking.push(starter("cellar", "10.0.0.2"), starter("loft", "10.0.0.3"));
  const asked = all.inviteOne(never);
  inviter.asking.pop();
  inviter.wake();
  expect(await asked).toBe(false);
  expect(seen.lines).toEqual([]);
  expect(all.asking).toHaveLength(1); // nobody has said no to it
});

test("Enter alone invites nobody, and the machine is not asked about again here", async () => {
  const { inviter, seen, invitations: all } = invitations({ code: undefined });
  inviter.asking.push(starter("cellar", "10.0.0.2"));
  expect(await all.inviteOne(never)).toBe(false);
  expect(seen.lines).toEqual([expect.stringContaining("is not in the farm")]);
  expect(all.asking).toEqual([]);
});
