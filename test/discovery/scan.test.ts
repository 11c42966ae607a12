import { expect, test } from "vitest";
import { firstScan } from "../../src/discovery/scan.ts";

test("firstScan() does not wait out its time when there is nothing to browse", async () => {
  const { signal } = new AbortController();
  const scan = await firstScan(async () => {}, signal);
  await expect(scan.browsing).resolves.toBeUndefined();
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

test("firstScan() leaves it to the owner why browsing failed: nothing goes unheard meanwhile", async () => {
  const browse = async () => {
    throw new Error("no network");
  };
  const { browsing } = await firstScan(browse, new AbortController().signal);
  await expect(browsing).rejects.toThrow("no network");
});
