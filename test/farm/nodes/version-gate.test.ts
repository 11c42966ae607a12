import { expect, test } from "vitest";
import { Muster } from "../../../src/farm/nodes/version-gate.ts";

const rules = { wanted: undefined, mixVersions: false, savedBy: undefined };
const node = (name: string, blender: string) => ({ name, blender });

test("nodes that come before the choice wait for it, later ones are measured by it", async () => {
  const muster = new Muster(rules);
  let answers = 0;
  const early = [node("a", "3.4.1"), node("b", "3.4.1"), node("c", "4.2.0")].map((candidate) =>
    muster.admit(candidate).finally(() => {
      answers += 1;
    }),
  );
  await Promise.resolve();
  expect(answers).toBe(0);
  muster.close();
  expect(await muster.decided).toBe("3.4.1");
  expect(await Promise.all(early)).toEqual([undefined, undefined, expect.stringContaining("4.2.0")]);
  expect(await muster.admit(node("d", "3.4.1"))).toBeUndefined();
  expect(await muster.admit(node("e", "4.2.0"))).toContain("3.4.1");
});

test("when nobody is fit the choice is none, and says why", async () => {
  const muster = new Muster({ ...rules, savedBy: "4.2" });
  const refusal = muster.admit(node("old", "3.4.1"));
  muster.close();
  expect(await muster.decided).toBeUndefined();
  expect(muster.refusals).toMatchObject([{ code: "FARM_NODE_REFUSED", message: expect.stringContaining("old") }]);
  expect(await refusal).toContain("older");
});

test("with nobody there the first who comes sets the version", async () => {
  const muster = new Muster(rules);
  muster.close();
  muster.close();
  expect(await muster.decided).toBeUndefined();
  expect(await muster.admit(node("a", "3.4.1"))).toBeUndefined();
  expect(await muster.admit(node("b", "4.2.0"))).toContain("3.4.1");
});
