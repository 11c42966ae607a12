import { expect, test } from "vitest";
import { VersionGate } from "../../../src/farm/nodes/version-gate.ts";

const rules = { wanted: undefined, mixVersions: false, savedBy: undefined, overrides: [], addons: [] };
const node = (name: string, blender: string) => ({ name, blender });

test("nodes that arrive before the decision wait for it, and later nodes must match it", async () => {
  const versionGate = new VersionGate(rules);
  let answers = 0;
  const early = [node("a", "3.4.1"), node("b", "3.4.1"), node("c", "4.2.0")].map((candidate) =>
    versionGate.admit(candidate).finally(() => {
      answers += 1;
    }),
  );
  await Promise.resolve();
  expect(answers).toBe(0);
  versionGate.close();
  expect(await versionGate.decided).toBe("3.4.1");
  expect(await Promise.all(early)).toEqual([undefined, undefined, expect.stringContaining("4.2.0")]);
  expect(await versionGate.admit(node("d", "3.4.1"))).toBeUndefined();
  expect(await versionGate.admit(node("e", "4.2.0"))).toContain("3.4.1");
});

test("if no node is suitable no version is chosen, with the reasons", async () => {
  const versionGate = new VersionGate({ ...rules, savedBy: "4.2" });
  const refusal = versionGate.admit(node("old", "3.4.1"));
  versionGate.close();
  expect(await versionGate.decided).toBeUndefined();
  expect(versionGate.exclusions).toMatchObject([
    { code: "FARM_NODE_EXCLUDED", message: expect.stringContaining("old") },
  ]);
  expect(await refusal).toContain("older");
});

test("without any node the first one to arrive decides the version", async () => {
  const versionGate = new VersionGate(rules);
  versionGate.close();
  versionGate.close();
  expect(await versionGate.decided).toBeUndefined();
  expect(await versionGate.admit(node("a", "3.4.1"))).toBeUndefined();
  expect(await versionGate.admit(node("b", "4.2.0"))).toContain("3.4.1");
});
