import { expect, test } from "vitest";
import { minutes, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";

test("a frame that waits behind a slow one is moved to an idle slot", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });

  expect(drive.join("b")).toEqual([{ type: "withdraw", node: "a", frame: 2, attempt: 2 }]);
  expect(drive.statusOf(2)).toBe("active");
  expect(drive.tell({ type: "attempt-withdrawn", node: "a", frame: 2, attempt: 2 })).toEqual([
    { type: "assign", node: "b", slot: 0, frame: 2, attempt: 3 },
  ]);
});

test("an attempt that starts before its withdrawal arrives simply continues", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.join("b");
  drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 10 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });

  expect(drive.state.attempts.get(2)).toMatchObject({ status: "running", recall: "none" });
});

test("no slot holds on to a waiting frame at the end while another slot is idle", () => {
  const nodes = { a: { msPerFrame: seconds(60) }, b: { msPerFrame: seconds(60), joins: seconds(30) } };

  const run = simulate({ frames: 2, nodes });

  expect(run.finishedAt).toBe(seconds(90));
});

test("frames of equal nodes are neither moved nor raced when it would not help", () => {
  const run = simulate({ frames: 21, nodes: { a: { msPerFrame: seconds(10) }, b: { msPerFrame: seconds(10) } } });

  expect(run.noticesOf("frame-speculated")).toEqual([]);
  expect(run.ordersOf("cancel")).toEqual([]);
});

test("a fast node races a slow node's last frame and wins, and the loser is cancelled", () => {
  const run = simulate({
    frames: 12,
    nodes: { fast: { msPerFrame: seconds(10) }, slow: { msPerFrame: seconds(1000) } },
  });

  expect(run.noticesOf("frame-speculated")).toMatchObject([{ node: "fast" }]);
  expect(run.ordersOf("cancel")).toMatchObject([{ node: "slow" }]);
  expect(run.finishedAt).toBe(seconds(120));
  expect(run.stored).toHaveLength(12);
});

test("a frozen slot delays the end of a job by about two frame times, not ten minutes", () => {
  const frozen = { msPerFrame: seconds(10), freezes: (frame: number) => frame === 9 };

  const run = simulate({ frames: 10, nodes: { frozen, other: { msPerFrame: seconds(10) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.finishedAt).toBeLessThan(seconds(90));
});

test("a node with many idle slots does not keep another node from racing a frame that it renders itself", () => {
  const many = { msPerFrame: seconds(1), slots: 24, freezes: (frame: number) => frame === 100 };

  const run = simulate({ frames: 100, nodes: { many, other: { msPerFrame: seconds(2) } } });

  expect(run.noticesOf("frame-speculated").filter(({ frame }) => frame === 100)).toMatchObject([{ node: "other" }]);
  expect(run.finishedAt).toBeLessThan(seconds(20));
});

test("the first attempt may win its race: the second is then cancelled", () => {
  const drive = raced();
  drive.tell({ type: "attempt-rendered", node: "a", frame: 2, attempt: 2, seconds: 31 });

  expect(drive.tell({ type: "frame-stored", node: "a", frame: 2, attempt: 2 })).toContainEqual({
    type: "cancel",
    node: "b",
    frame: 2,
    attempt: 3,
  });
});

test("no more than two attempts work on a frame, however many slots are idle", () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`node${index}`, { msPerFrame: seconds(10), slots: 2 }]),
  );
  const slow = { msPerFrame: minutes(5) };

  const run = simulate({ frames: 100, nodes: { slow, ...nodes } });

  expect(run.noticesOf("frame-speculated")).toHaveLength(1);
});

test("when both attempts of a race have rendered, one result is stored and the other released", () => {
  const drive = raced();
  drive.tell({ type: "attempt-rendered", node: "a", frame: 2, attempt: 2, seconds: 50 });
  const [fetch] = drive.tell({ type: "attempt-rendered", node: "b", frame: 2, attempt: 3, seconds: 10 });
  expect(fetch).toEqual({ type: "fetch", node: "b", frame: 2, attempt: 3 });

  expect(drive.tell({ type: "frame-stored", node: "b", frame: 2, attempt: 3 })).toEqual([
    { type: "release", node: "b", frame: 2, attempt: 3 },
    { type: "release", node: "a", frame: 2, attempt: 2 },
    { type: "finish", outcome: { type: "complete" } },
  ]);
});

test("when one attempt of a race fails, the frame stays with the other", () => {
  const drive = raced();

  drive.tell({ type: "node-lost", node: "b" });

  expect(drive.statusOf(2)).toBe("active");
});

test("a result that takes long to arrive is raced: another node renders its frame and delivers it sooner", () => {
  const fetchMs = (() => {
    let fetches = 0;
    return () => (++fetches === 5 ? minutes(30) : seconds(1));
  })();

  const run = simulate({
    frames: 10,
    nodes: { stuck: { msPerFrame: seconds(10), fetchMs }, other: { msPerFrame: seconds(10) } },
  });

  expect(run.noticesOf("frame-speculated")).toMatchObject([{ frame: 9, node: "other" }]);
  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.finishedAt).toBeLessThan(seconds(90));
});

test("where frames are short, results are not raced while they are fetched", () => {
  const quick = { msPerFrame: 100, fetchMs: () => seconds(4) };

  const run = simulate({ frames: 4, nodes: { a: quick, b: quick } });

  expect(run.noticesOf("frame-speculated")).toEqual([]);
});

test("results that take as long to arrive as all others are not raced", () => {
  const slowly = { msPerFrame: seconds(1), fetchMs: () => seconds(20) };

  const run = simulate({ frames: 40, nodes: { a: slowly, b: slowly } });

  expect(run.noticesOf("frame-speculated").filter(({ frame }) => frame > 20)).toEqual([]);
});

test("a result waiting to be fetched is never raced, but one that takes long to arrive is", () => {
  const drive = resultThatWaits();
  for (let passed = 0; passed < 30; passed++) {
    expect(drive.wait(minutes(1)).tell({ type: "tick" })).toEqual([]);
  }

  drive.tell({ type: "fetch-started", node: "a", frame: 2, attempt: 2 });

  expect(drive.wait(seconds(5)).tell({ type: "tick" })).toEqual([]);
  const [assign] = drive.wait(minutes(60)).tell({ type: "tick" });
  expect(assign).toEqual({ type: "assign", node: "b", slot: 0, frame: 2, attempt: 3 });
});

test("a result that has arrived in full is not raced: the coordinator itself causes any further delay", () => {
  const drive = resultThatWaits();
  drive.tell({ type: "fetch-started", node: "a", frame: 2, attempt: 2 });
  drive.tell({ type: "result-arrived", node: "a", frame: 2, attempt: 2 });

  expect(drive.wait(minutes(60)).tell({ type: "tick" })).toEqual([]);
});

test("a node sends one result after another: all results that it holds are as late as the one it sends", () => {
  const drive = new Drive({ frames: [1, 2, 3] });
  drive.join("a", 3);
  for (const number of [1, 2, 3]) {
    drive.tell({ type: "attempt-started", node: "a", slot: number - 1, frame: number, attempt: number });
  }
  drive.wait(seconds(10));
  for (const number of [1, 2, 3]) {
    drive.tell({ type: "attempt-rendered", node: "a", frame: number, attempt: number, seconds: 10 });
  }
  drive.tell({ type: "fetch-started", node: "a", frame: 1, attempt: 1 });
  drive.join("b", 2);
  drive.join("c", 2);

  const assigned = drive
    .wait(minutes(2))
    .tell({ type: "tick" })
    .filter(({ type }) => type === "assign");

  expect(assigned).toMatchObject([
    { node: "b", frame: 1 },
    { node: "b", frame: 2 },
    { node: "c", frame: 3 },
  ]);
});

test("a frame that two nodes have had for too long goes to a third, even if both keep showing progress", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  const goOn = (mins: number) => {
    for (let passed = 0; passed < mins; passed++) {
      drive.wait(minutes(1));
      for (const { node, frame, attempt } of [...drive.state.attempts.values()]) {
        drive.tell({ type: "attempt-progressed", node, frame, attempt });
      }
    }
  };
  drive.join("b");
  drive.join("c");
  goOn(10);
  // No frame time is known: a second attempt starts when the first has taken too long, and so on.
  expect(drive.wait(1).tell({ type: "tick" })).toMatchObject([
    { type: "assign", node: "b", frame: 1, attempt: 2 },
    { type: "announce", notice: { type: "frame-speculated" } },
    { type: "assign", node: "c", frame: 1, attempt: 3 },
    { type: "announce", notice: { type: "frame-speculated" } },
  ]);
  for (const [node, attempt] of [
    ["b", 2],
    ["c", 3],
  ] as const) {
    drive.tell({ type: "attempt-started", node, slot: 0, frame: 1, attempt });
  }
  expect(drive.join("d")).toEqual([]);
  goOn(11);
  expect([...drive.state.attempts.values()].map(({ node }) => node)).toEqual(["a", "b", "c", "d"]);

  drive.tell({ type: "attempt-rendered", node: "d", frame: 1, attempt: 4, seconds: 10 });
  const orders = drive.tell({ type: "frame-stored", node: "d", frame: 1, attempt: 4 });
  expect(orders.filter(({ type }) => type === "cancel")).toHaveLength(3);
});

/** "a" has rendered frame 2 as attempt 2 and holds it, frames take ten seconds, and "b" is idle. */
function resultThatWaits(): Drive {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  for (const frame of [1, 2]) {
    drive.tell({ type: "attempt-started", node: "a", slot: 0, frame, attempt: frame });
    drive.wait(seconds(10)).tell({ type: "attempt-rendered", node: "a", frame, attempt: frame, seconds: 10 });
  }
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  expect(drive.join("b")).toEqual([]);
  return drive;
}

/** Frame 2 runs as attempt 2 on "a", and is raced as attempt 3 by "b". */
function raced(): Drive {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 10 });
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });
  const [assign] = drive.wait(seconds(30)).join("b");
  expect(assign).toEqual({ type: "assign", node: "b", slot: 0, frame: 2, attempt: 3 });
  drive.tell({ type: "attempt-started", node: "b", slot: 0, frame: 2, attempt: 3 });
  return drive;
}
