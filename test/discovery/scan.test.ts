import { expect, test } from "vitest";
import { firstScan } from "../../src/discovery/scan.ts";

test("firstScan() ends early if browsing has ended", async () => {
  const { signal } = new AbortController();
  const scan = await firstScan(async () => {}, signal);
  await expect(scan.browsing).resolves.toBeUndefined();
});

test("firstScan() waits as long as a new node asks for", async () => {
  const { signal } = new AbortController();
  const end = new AbortController();
  const startedMs = performance.now();
  const scan = await firstScan(async (onNew) => {
    onNew(1_500);
    onNew(); // another node does not shorten that
    await new Promise((resolve) => end.signal.addEventListener("abort", resolve));
  }, signal);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(2_490);
  end.abort();
  await scan.browsing;
});

test("firstScan() rejects with the signal's reason", async () => {
  const stop = new AbortController();
  let end = () => {};
  const browse = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const scanning = firstScan(browse, stop.signal);
  stop.abort(new Error("enough"));
  await expect(scanning).rejects.toThrow("enough");
  end();
});

test("firstScan() returns a failure of browsing to the caller, without an unhandled rejection", async () => {
  const browse = async () => {
    throw new Error("no network");
  };
  const { browsing } = await firstScan(browse, new AbortController().signal);
  await expect(browsing).rejects.toThrow("no network");
});
