import { expect, test } from "vitest";
import type { FarmEvent } from "../../../../src/farm/events.ts";
import { KnownNodes } from "../../../../src/farm/nodes/trust/known-nodes.ts";
import { OpenNodeError, OpenNodes } from "../../../../src/farm/nodes/trust/open-nodes.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a node that appears while the user is asked about another one is also asked about, and each refusal is reported", async () => {
  await using folder = await makeTemporaryFolder();
  const told: FarmEvent[] = [];
  const asked: (string | undefined)[] = [];
  const hold = (name: string, port: number) => {
    const address = { host: "127.0.0.1", port };
    const error = new OpenNodeError({ node: name.repeat(32), name, address, certificate: undefined });
    nodes.hold({ addresses: [address] } as never, error);
  };
  const nodes = new OpenNodes({
    knownNodes: new KnownNodes(folder.path),
    tell: (event) => told.push(event),
    confirm: async ({ name }) => {
      asked.push(name);
      if (name === "a") hold("b", 7448);
      return false;
    },
  });
  hold("a", 7447);
  expect(await nodes.ask(new AbortController().signal)).toEqual([]);
  expect(asked).toEqual(["a", "b"]);
  expect(told.map((event) => event.type === "node:excluded" && event.name)).toEqual(["a", "b"]);
});
