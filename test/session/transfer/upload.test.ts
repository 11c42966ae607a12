import { randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFarmKey } from "../../../src/core/farm-key.ts";
import { NodeSession } from "../../../src/session/node-session.ts";
import type { FromNode } from "../../../src/session/protocol.ts";
import { largestPieceBytes } from "../../../src/session/transfer/piece.ts";
import { type Blob, type UploadLink, upload } from "../../../src/session/transfer/upload.ts";
import { digestOf, FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { makeLinkPair } from "../../support/nodes/link-pair.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const key = makeFarmKey();
const { signal } = new AbortController();
const content = randomBytes(2 * largestPieceBytes + 1234);
let folder: TemporaryFolder;
let blob: Blob;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
  const path = join(folder.path, "scene.blend");
  await writeFile(path, content);
  blob = { path, sha256: digestOf(content), sizeBytes: content.length };
});
afterAll(() => folder[Symbol.asyncDispose]());

async function connect(options: FakeNodeOptions = {}) {
  const node = new FakeNode({ key, ...options });
  const pair = makeLinkPair();
  const serving = node.serve(pair.node);
  const session = await NodeSession.open({
    link: pair.coordinator,
    chooseKey: () => key,
    onReport: () => {},
    signal,
  });
  const pieces = () => pair.coordinator.sent.filter((message) => typeof message !== "string");
  return { node, pair, serving, session, pieces };
}

test("sendBlob() sends the whole file in pieces of at most 1 MiB and reports its progress", async () => {
  const { node, session, pieces } = await connect();
  await using _ = session;
  const progress: number[] = [];
  expect(await session.sendBlob(blob, (have) => progress.push(have), signal)).toBe(content.length);
  expect(node.blobs.get(blob.sha256)?.equals(content)).toBe(true);
  expect(pieces().length).toBe(3);
  expect(progress).toEqual([largestPieceBytes, 2 * largestPieceBytes, content.length]);
});

test("sendBlob() sends nothing that the node already has", async () => {
  const { node, session, pieces } = await connect();
  await using _ = session;
  node.blobs.set(blob.sha256, content);
  expect(await session.sendBlob(blob, () => {}, signal)).toBe(0);
  expect(pieces()).toEqual([]);
});

test("sendBlob() says where the artist has the file, and sends nothing if the node has copied it from there", async () => {
  const { node, session, pieces } = await connect();
  await using _ = session;
  node.options.onMessage = (message) => {
    if (message.type === "blob-query" && message.path !== undefined) node.blobs.set(message.sha256, content);
    return false;
  };
  expect(await session.sendBlob({ ...blob, source: "/film/scene.blend" }, () => {}, signal)).toBe(0);
  expect(node.heard.find(({ type }) => type === "blob-query")).toMatchObject({ path: "/film/scene.blend" });
  expect(pieces()).toEqual([]);
});

test.each(["", "x".repeat(1_025)])("sendBlob() offers no path that a message cannot hold", async (source) => {
  const { node, session } = await connect();
  await using _ = session;
  expect(await session.sendBlob({ ...blob, source }, () => {}, signal)).toBe(content.length);
  expect(node.heard.find(({ type }) => type === "blob-query")).not.toHaveProperty("path");
});

test.each(["TOO_LARGE", "WRITE_FAILED"] as const)(
  "sendBlob() tells that the user's file has changed if it has another size when the node refuses it: %s",
  async (rejectsBlob) => {
    const { node, session } = await connect({ rejectsBlob });
    await using _ = session;
    const original = join(folder.path, `${rejectsBlob}.png`);
    await writeFile(original, content);
    node.options.onMessage = ({ type }) => {
      if (type === "blob-begin") truncateSync(original, 10);
      return false;
    };
    const sending = session.sendBlob({ ...blob, path: original, original }, () => {}, signal);
    await expect(sending).rejects.toThrow(`Cannot send ${original}: it has changed since the job began`);
  },
);

test("sendBlob() continues where an earlier upload ended", async () => {
  const { node, session } = await connect();
  await using _ = session;
  node.blobs.set(blob.sha256, content.subarray(0, 1_000_000));
  expect(await session.sendBlob(blob, () => {}, signal)).toBe(content.length - 1_000_000);
  expect(node.blobs.get(blob.sha256)?.equals(content)).toBe(true);
});

test("sendBlob() starts at 0 again when the partial file on the node was damaged", async () => {
  const { node, session } = await connect();
  await using _ = session;
  node.blobs.set(blob.sha256, Buffer.alloc(1_000_000));
  const sent = await session.sendBlob(blob, () => {}, signal);
  expect(sent).toBe(content.length - 1_000_000 + content.length);
  expect(node.blobs.get(blob.sha256)?.equals(content)).toBe(true);
  expect(node.heard.filter(({ type }) => type === "blob-begin")).toMatchObject([{ offset: 1_000_000 }, { offset: 0 }]);
});

test("sendBlob() sends only `blob-end` when the node has all bytes but has not verified them", async () => {
  const { node, session, pieces } = await connect({
    say: (message) => [message.type === "blob-state" ? { ...message, complete: false } : message],
  });
  await using _ = session;
  node.blobs.set(blob.sha256, content);
  expect(await session.sendBlob(blob, () => {}, signal)).toBe(0);
  expect(pieces()).toEqual([]);
  expect(node.heard.at(-1)).toMatchObject({ type: "blob-end" });
});

describe("sendBlob() ends with the node's reason", () => {
  test.each(["DIGEST_MISMATCH", "DISK_FULL", "TOO_LARGE", "WRITE_FAILED"] as const)("%s", async (rejectsBlob) => {
    const { session, node } = await connect({ rejectsBlob });
    await using _ = session;
    const upload = session.sendBlob(blob, () => {}, signal);
    await expect(upload).rejects.toMatchObject({
      code: "FARM_BLEND_REJECTED",
      message: "Cannot send the blendfile: the node refused it: no",
    });
    expect(node.heard.filter(({ type }) => type === "blob-begin").length).toBe(1); // it does not ask for ever
  });
});

test("sendBlob() sends no more pieces once the node has rejected the blob", async () => {
  const { session, pair, pieces } = await connect({ rejectsBlob: "DISK_FULL" });
  await using _ = session;
  // The second piece waits until the rejection has arrived, as on a slow network.
  const send = pair.coordinator.send.bind(pair.coordinator);
  pair.coordinator.send = async (message) => {
    await send(message);
    if (typeof message !== "string") await new Promise(setImmediate);
  };
  await expect(session.sendBlob(blob, () => {}, signal)).rejects.toMatchObject({ code: "FARM_BLEND_REJECTED" });
  expect(pieces().length).toBeLessThan(3);
});

test("sendBlob() ends with the link, whatever it waits for", async () => {
  for (const point of ["blob-query", "blob-begin", "blob-end"]) {
    const { session, pair } = await connect({
      onMessage: (message) => {
        if (message.type !== point) return false;
        pair.coordinator.cut();
        return true;
      },
    });
    await using _ = session;
    await expect(session.sendBlob(blob, () => {}, signal)).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
  }
});

test("sendBlob() stops when aborted, and the session stays usable", async () => {
  const stop = new AbortController();
  const { session } = await connect();
  await using _ = session;
  const upload = session.sendBlob(blob, () => stop.abort(new Error("enough")), stop.signal);
  await expect(upload).rejects.toThrow();
  await expect(session.openJob("a".repeat(32), { name: "film", holder: "me" }, signal)).resolves.toMatchObject({
    type: "job-opened",
  });
});

describe("an upload to a node that is alive but stalled fails", () => {
  const limits = { stallTimeoutMs: 20, verdictTimeoutMs: 20 };
  const never = new Promise<never>(() => {});
  const hasNothing = { type: "blob-state", sha256: "", haveBytes: 0, complete: false } as const;

  /** A node that answers the offer of a blob, and accepts its pieces, only as configured. */
  function half(does: { answers: boolean; takes: boolean }): UploadLink {
    let isAsked = false;
    return {
      takeTransfer: () => 1,
      send: () => Promise.resolve(),
      sendBytes: () => (does.takes ? Promise.resolve() : never),
      reply: <T extends FromNode>() => {
        if (isAsked || !does.answers) return never;
        isAsked = true;
        return Promise.resolve({ ...hasNothing, sha256: blob.sha256 } as unknown as T);
      },
    };
  }

  test.each([
    ["that does not say what it has already", { answers: false, takes: false }, 0],
    ["that accepts no piece", { answers: true, takes: false }, 0],
    ["that has everything and gives no verdict", { answers: true, takes: true }, 3],
  ])("%s", async (_, does, pieces) => {
    const progress: number[] = [];
    const sending = upload(half(does), blob, (have) => progress.push(have), signal, limits);
    await expect(sending).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
    expect(progress.length).toBe(pieces);
  });
});
