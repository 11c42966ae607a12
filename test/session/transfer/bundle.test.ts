import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { FromCoordinator, FromNode } from "../../../src/session/protocol.ts";
import { bundlesOf, sendBundle } from "../../../src/session/transfer/bundle.ts";
import { decodePiece } from "../../../src/session/transfer/piece.ts";
import type { Blob, UploadLink } from "../../../src/session/transfer/upload.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const folder = await makeTemporaryFolder();
afterAll(() => folder[Symbol.asyncDispose]());
const never = new AbortController().signal;

async function fileOf(name: string, content: string): Promise<Blob> {
  const path = join(folder.path, name);
  await writeFile(path, content);
  return { path, sha256: createHash("sha256").update(content).digest("hex"), sizeBytes: content.length };
}

/** A link to a node that has some blobs, and says this about a bundle. */
function linkTo(have: ReadonlyMap<string, "all" | "part">, verdict: "stored" | "DISK_FULL" = "stored") {
  let number = 0;
  const heard: FromCoordinator[] = [];
  const pieces: string[] = [];
  const waiting: { match: (message: FromNode) => boolean; resolve: (message: FromNode) => void }[] = [];
  const answer = (message: FromNode) => waiting.find(({ match }) => match(message))?.resolve(message);
  const link: UploadLink = {
    takeTransfer: () => number++,
    send: async (message) => {
      heard.push(message);
      if (message.type !== "blobs-query") return;
      const states = message.blobs.map(({ sha256 }) => have.get(sha256) ?? ("none" as const));
      answer({ type: "blobs-state", number: message.number, have: states });
    },
    sendBytes: async (message) => {
      const piece = decodePiece(message);
      pieces.push(String(piece?.data));
      const transfer = piece?.transfer ?? 0;
      if (verdict === "stored") answer({ type: "bundle-stored", transfer });
      else answer({ type: "bundle-rejected", transfer, code: verdict, message: "no" });
    },
    reply: (match) =>
      new Promise((resolve) => {
        waiting.push({ match, resolve: (message) => match(message) && resolve(message) });
      }),
  };
  return { link, heard, pieces };
}

test("small files are sent in one piece, in their order", async () => {
  const blobs = [await fileOf("a", "one"), await fileOf("b", "two"), await fileOf("c", "three")];
  const { link, heard, pieces } = linkTo(new Map());
  expect(await sendBundle(link, blobs, never)).toEqual([]);
  expect(heard.map(({ type }) => type)).toEqual(["blobs-query", "blob-bundle"]);
  expect(pieces).toEqual(["onetwothree"]);
});

test("what the node has is not sent, and a part is continued by itself", async () => {
  const [one, two, three] = [await fileOf("a", "one"), await fileOf("b", "two"), await fileOf("c", "three")];
  const { link, pieces } = linkTo(
    new Map([
      [one.sha256, "all"],
      [two.sha256, "part"],
    ]),
  ); // prettier-ignore
  expect(await sendBundle(link, [one, two, three], never)).toEqual([two]);
  expect(pieces).toEqual(["three"]);
  const known = linkTo(new Map([one, two].map(({ sha256 }) => [sha256, "all"] as const)));
  expect(await sendBundle(known.link, [one, two], never)).toEqual([]);
  expect(known.heard.map(({ type }) => type)).toEqual(["blobs-query"]);
});

test("a file that is missing or has another size is left to be sent by itself, which names it", async () => {
  const [one, two, three] = [await fileOf("a", "one"), await fileOf("b", "two"), await fileOf("c", "three")];
  await writeFile(two.path, "t");
  const gone = { ...three, path: join(folder.path, "gone") };
  const own = { ...(await fileOf("d", "four")), original: join(folder.path, "d") };
  const { link, pieces } = linkTo(new Map());
  expect(await sendBundle(link, [one, two, gone, own], never)).toEqual([two, gone]);
  expect(pieces).toEqual(["onefour"]);
});

test("a bundle that the node refuses is left to be sent one by one", async () => {
  const blobs = [await fileOf("a", "one"), await fileOf("b", "two")];
  expect(await sendBundle(linkTo(new Map(), "DISK_FULL").link, blobs, never)).toEqual(blobs);
});

test("bundles have at most 256 files and 1 MiB", () => {
  const blobs = Array.from({ length: 600 }, (_, index) => ({ path: "", sha256: String(index), sizeBytes: 1 }));
  expect([...bundlesOf(blobs)].map(({ length }) => length)).toEqual([256, 256, 88]);
  const large = blobs.slice(0, 40).map((blob) => ({ ...blob, sizeBytes: 60_000 }));
  expect([...bundlesOf(large)].map(({ length }) => length)).toEqual([17, 17, 6]);
  expect([...bundlesOf([])]).toEqual([]);
});
