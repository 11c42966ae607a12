import { expect, test } from "vitest";
import { minutes, seconds, simulate } from "../support/simulate.ts";
import { Drive } from "../support/simulate-drive.ts";

test("a frame that waits behind a slow one is handed over to a slot that idles", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });

  expect(drive.join("b")).toEqual([{ type: "withdraw", node: "a", frame: 2, attempt: 2 }]);
  expect(drive.statusOf(2)).toBe("active");
  expect(drive.tell({ type: "attempt-withdrawn", node: "a", frame: 2, attempt: 2 })).toEqual([
    { type: "assign", node: "b", slot: 0, frame: 2, attempt: 3 },
  ]);
});

test("an attempt that begins before its withdrawal arrives simply goes on", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.join("b");
  drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 10 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });

  expect(drive.state.attempts.get(2)).toMatchObject({ status: "running", recall: "none" });
});

test("no slot hoards a frame at the end while another idles", () => {
  const nodes = { a: { msPerFrame: seconds(60) }, b: { msPerFrame: seconds(60), joins: seconds(30) } };

  const run = simulate({ frames: 2, nodes });

  expect(run.finishedAt).toBe(seconds(90));
});

test("frames of equal nodes are neither moved nor raced when there is nothing to win", () => {
  const run = simulate({ frames: 21, nodes: { a: { msPerFrame: seconds(10) }, b: { msPerFrame: seconds(10) } } });

  expect(run.newsOf("frame-speculated")).toEqual([]);
  expect(run.ordersOf("cancel")).toEqual([]);
});

test("a slow node's last frame is raced by a fast one, which wins, and the loser is cancelled", () => {
  const run = simulate({
    frames: 12,
    nodes: { fast: { msPerFrame: seconds(10) }, slow: { msPerFrame: seconds(1000) } },
  });

  expect(run.newsOf("frame-speculated")).toMatchObject([{ node: "fast" }]);
  expect(run.ordersOf("cancel")).toMatchObject([{ node: "slow" }]);
  expect(run.finishedAt).toBe(seconds(120));
  expect(run.stored).toHaveLength(12);
});

test("a frozen slot holds up the end of a job for about two frame times, not ten minutes", () => {
  const frozen = { msPerFrame: seconds(10), freezes: (frame: number) => frame === 9 };

  const run = simulate({ frames: 10, nodes: { frozen, other: { msPerFrame: seconds(10) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.finishedAt).toBeLessThan(seconds(90));
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

test("no more than two attempts work at a frame, however many slots idle", () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`node${index}`, { msPerFrame: seconds(10), slots: 2 }]),
  );
  const slow = { msPerFrame: minutes(5) };

  const run = simulate({ frames: 100, nodes: { slow, ...nodes } });

  expect(run.newsOf("frame-speculated")).toHaveLength(1);
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

test("a result that is long on its way is raced: its frame is rendered where it arrives sooner", () => {
  const fetchMs = (() => {
    let fetches = 0;
    return () => (++fetches === 5 ? minutes(30) : seconds(1));
  })();

  const run = simulate({
    frames: 10,
    nodes: { stuck: { msPerFrame: seconds(10), fetchMs }, other: { msPerFrame: seconds(10) } },
  });

  expect(run.newsOf("frame-speculated")).toMatchObject([{ frame: 9, node: "other" }]);
  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.finishedAt).toBeLessThan(seconds(90));
});

test("where frames are short, results are not raced while they are fetched", () => {
  const quick = { msPerFrame: 100, fetchMs: () => seconds(4) };

  const run = simulate({ frames: 4, nodes: { a: quick, b: quick } });

  expect(run.newsOf("frame-speculated")).toEqual([]);
});

test("results that are on their way as long as all others are not raced", () => {
  const slowly = { msPerFrame: seconds(1), fetchMs: () => seconds(20) };

  const run = simulate({ frames: 40, nodes: { a: slowly, b: slowly } });

  expect(run.newsOf("frame-speculated").filter(({ frame }) => frame > 20)).toEqual([]);
});

test("a frame that two nodes have had for too long goes to a third, though both show progress all the time", () => {
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
  // Nothing is known of frame times: a second one begins when the first has overstayed, and so on.
  expect(drive.wait(1).tell({ type: "tick" })).toMatchObject([
    { type: "assign", node: "b", frame: 1, attempt: 2 },
    { type: "announce", news: { type: "frame-speculated" } },
    { type: "assign", node: "c", frame: 1, attempt: 3 },
    { type: "announce", news: { type: "frame-speculated" } },
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
