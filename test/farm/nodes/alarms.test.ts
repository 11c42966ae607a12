import { afterEach, beforeEach, expect, test } from "vitest";
import { signsOf } from "../../../src/cli/live/line.ts";
import { summaryLines } from "../../../src/cli/live/summary.ts";
import { viewStateOf } from "../../../src/cli/live/view-reducer.ts";
import { emptyView } from "../../../src/cli/live/view-state.ts";
import { FakeNode } from "../../support/nodes/fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "../../support/nodes/fake-node-server.ts";
import { ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

let farm: ScriptedFarm;
let late: FakeNodeServer | undefined;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await late?.[Symbol.asyncDispose]();
  late = undefined;
  await farm[Symbol.asyncDispose]();
});

test("of a node that starts after the job, renders, and ends the job, the summary says nothing bad", async () => {
  const first = await farm.start({ name: "first" });
  const second = new FakeNode({ key: farm.key, name: "second" });
  const starting = await serveFakeNode(second);
  const { port } = starting.address;
  await starting[Symbol.asyncDispose](); // nothing listens at its address now
  const nodes = [
    { node: first.node, server: first.server },
    { node: second, server: starting },
  ];
  let release = () => {};
  const secondHasJoined = new Promise<void>((resolve) => {
    release = resolve;
  });
  first.node.options.beforeFrame = () => secondHasJoined;
  const run = farm.run(nodes, { frames: "1-6" });
  run.onEvent = (event) => {
    if (event.type === "node:unreachable")
      void serveFakeNode(second, undefined, port).then((server) => (late = server));
    if (event.type === "node:joined" && event.name === "second") release();
  };

  const result = await run.completed();

  expect(result.nodes.map(({ name }) => name).sort()).toEqual(["first", "second"]);
  expect(run.all("node:unreachable")).toMatchObject([{ name: `127.0.0.1:${port}` }]);
  expect(run.all("alarm:ended")).toMatchObject([{ name: `127.0.0.1:${port}`, was: "unreachable" }]);
  expect(result.warnings.join()).not.toContain("reach");
  const state = run.events.reduce((view, event) => viewStateOf(view, event, 0), emptyView(0));
  const lines = summaryLines(state, result, { signs: signsOf(true), columns: 80 });
  expect(
    lines
      .flat()
      .map(({ text }) => text)
      .join(),
  ).not.toContain("reach");
});

test("that a job makes pictures is known from its start", async () => {
  const run = farm.run([await farm.start({ scene: { colorMode: "RGB" } })], {
    frames: "1-2",
    output: farm.path("out/film_####.png"),
  });
  await run.completed();
  expect(run.all("job:started")).toMatchObject([{ makes: "pictures" }]);
});
