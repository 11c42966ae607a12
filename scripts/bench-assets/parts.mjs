/** What `npm run bench:assets` measures. Each part runs in a process of its own, so that its memory is its own. */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, open, rm, stat, truncate, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { assetRootsOf } from "../../dist/assets/asset-roots.js";
import { DigestCache } from "../../dist/assets/digest-cache.js";
import { ProjectFiles } from "../../dist/assets/project-files.js";
import { lookFor } from "../../dist/blendfile/named-texts.js";
import { systemClock } from "../../dist/core/clock.js";
import { sendFiles } from "../../dist/farm/nodes/supply/send-files.js";
import { Sending } from "../../dist/farm/nodes/supply/sending.js";
import { peakOf, startNode } from "./node.mjs";

export const mib = 2 ** 20;
const never = new AbortController().signal;

/** @typedef {{what: string, bytes: number, seconds: number, nodeBytes?: number, ownBytes: number}} Row */

/** @type {Record<string, (folder: string, scale: number) => Promise<Row[]>>} */
export const parts = {
  async large(folder, scale) {
    const blob = await makeFile(join(folder, "large.bin"), Math.round(1024 * scale) * mib);
    const plain = await plainCopy(blob.path, join(folder, "plain.bin"));
    await rm(join(folder, "plain.bin"));
    const node = await startNode(folder, "one");
    const seconds = await timed(() => send(node, [blob]));
    return [
      { what: "plain TCP copy to a file", bytes: blob.sizeBytes, seconds: plain, ownBytes: peakOf(process.pid) },
      await rowOf("one file", blob.sizeBytes, seconds, [node]),
    ];
  },

  async small(folder, scale) {
    const count = Math.round(5_000 * scale);
    const node = await startNode(folder, "one");
    const many = [];
    await mkdir(join(folder, "many"));
    const startedMs = performance.now();
    for (let index = 0; index < count; index++) {
      const content = randomBytes(10_000);
      const path = join(folder, "many", String(index));
      await writeFile(path, content);
      many.push({ path, sha256: createHash("sha256").update(content).digest("hex"), sizeBytes: content.length });
    }
    const toMake = (performance.now() - startedMs) / 1000;
    const one = await makeFile(join(folder, "one.bin"), count * 10_000);
    const ofOne = await timed(() => send(node, [one]));
    const ofMany = await timed(() => send(node, many));
    const again = await timed(() => send(node, many));
    return [
      {
        what: "the disk alone: making small files",
        bytes: one.sizeBytes,
        seconds: toMake,
        ownBytes: peakOf(process.pid),
      },
      await rowOf("one file of that size", one.sizeBytes, ofOne, [node]),
      await rowOf(`${count} files of 10 kB`, one.sizeBytes, ofMany, [node]),
      await rowOf("the same again: nothing is sent", 0, again, [node]),
    ];
  },

  async blend(folder, scale) {
    const blob = await makeFile(join(folder, "shot.blend"), Math.round(3 * 1024 * scale) * mib);
    const node = await startNode(folder, "one");
    const seconds = await timed(() => send(node, [blob]));
    return [await rowOf("a blendfile", blob.sizeBytes, seconds, [node])];
  },

  async two(folder, scale) {
    const blob = await makeFile(join(folder, "large.bin"), Math.round(1024 * scale) * mib);
    const nodes = [await startNode(folder, "one"), await startNode(folder, "two")];
    const seconds = await timed(() => Promise.all(nodes.map((node) => send(node, [blob]))));
    return [await rowOf("one file to two nodes at once", 2 * blob.sizeBytes, seconds, nodes)];
  },

  /** Pieces with the same content: links, so that they take no space. They are hashed and planned, and not sent. */
  async plan(folder, scale) {
    const [count, pieceBytes] = [40, Math.round(1024 * scale) * mib];
    const project = join(folder, "project");
    await mkdir(join(project, "tex"), { recursive: true });
    await mkdir(join(folder, "copies"));
    const names = Array.from({ length: count }, (_, index) => `tex/plate_${index}_.exr`);
    await writeFile(join(project, "tex/first"), Buffer.from([0x76, 0x2f, 0x31, 0x01]));
    await truncate(join(project, "tex/first"), pieceBytes); // holes take no space, and are read as zeros
    for (const name of names) await sparseCopy(join(project, "tex/first"), join(project, name), pieceBytes);
    const blend = join(project, "shot.blend");
    await writeFile(blend, `BLENDER-v304\0${names.map((name) => `//${name}`).join("\0")}\0`);
    const config = join(folder, "config");
    await mkdir(config);
    const plan = async () => {
      const files = new ProjectFiles({
        ...{ blend, roots: await assetRootsOf(blend), folder: join(folder, "copies"), lookFor, keepBytes: 0 },
        relativePathsIn: async () => new Set(),
        digests: DigestCache.open(config),
      });
      const references = names.map((name) => ({ kind: "image", path: `//${name}`, at: name, missing: true }));
      await files.add(references);
      if (files.contents.digests.size !== count) throw new Error(`${files.contents.digests.size} files were planned`);
    };
    const bytes = count * pieceBytes;
    const first = await timed(plan);
    const rows = [{ what: "plan, for the first time", bytes, seconds: first, ownBytes: peakOf(process.pid) }];
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // files that were just written are read again
    await plan();
    const again = await timed(plan);
    return [...rows, { what: "plan, again", bytes, seconds: again, ownBytes: peakOf(process.pid) }];
  },
};

/** @param {string} path @param {number} sizeBytes */
async function makeFile(path, sizeBytes) {
  const hash = createHash("sha256");
  const block = randomBytes(4 * mib);
  const file = await open(path, "w");
  for (let written = 0; written < sizeBytes; ) {
    block.writeUInt32LE(written / 4096, 0);
    const piece = block.subarray(0, Math.min(block.length, sizeBytes - written));
    hash.update(piece);
    await file.write(piece);
    written += piece.length;
  }
  await file.sync();
  await file.close();
  return { path, sha256: hash.digest("hex"), sizeBytes };
}

/** @param {string} from @param {string} to @param {number} sizeBytes */
async function sparseCopy(from, to, sizeBytes) {
  await writeFile(to, Buffer.from([0x76, 0x2f, 0x31, 0x01]));
  await truncate(to, sizeBytes);
  if ((await stat(from)).size !== sizeBytes) await copyFile(from, to);
}

/** Seconds that a plain copy over loopback takes: read, sent, written and synced. @param {string} from @param {string} to */
async function plainCopy(from, to) {
  const server = createServer();
  const written = new Promise((resolve, reject) => {
    server.once("connection", (socket) => {
      pipeline(socket, createWriteStream(to)).then(resolve, reject);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return await timed(async () => {
    await pipeline(createReadStream(from, { highWaterMark: mib }), connect(port, "127.0.0.1"));
    await written;
    const file = await open(to, "r+");
    await file.sync();
    await file.close();
    server.close();
  });
}

/** Sends files as a job does. */
async function send(node, blobs) {
  const sending = new Sending(systemClock, () => {});
  const files = { recover: async () => undefined };
  await sendFiles({ session: node.session, files, isLocal: false, sending, signal: never }, blobs);
}

async function rowOf(what, bytes, seconds, nodes) {
  const nodeBytes = Math.max(...nodes.map((node) => node.peakBytes()));
  const row = { what, bytes, seconds, nodeBytes, ownBytes: peakOf(process.pid) };
  closing.push(...nodes);
  return row;
}

/** Nodes to close at the end of the part. */
export const closing = [];

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}
