import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, gzipSync, inflateRawSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { readBlendHeader } from "../../src/blendfile/blend-header.ts";
import { parseSceneRange, readSceneRange } from "../../src/blendfile/scene-range.ts";
import { parseFarmKey } from "../../src/config/farm-key-text.ts";
import { parseFarmspec } from "../../src/config/farmspec.ts";
import { parseNodeList } from "../../src/core/node-list.ts";
import type { FrameExpectation } from "../../src/frames/check/frame-expectation.ts";
import { parseFrameRecord } from "../../src/frames/frame-record.ts";
import { readJobRecord } from "../../src/frames/job-record.ts";
import { beginnings } from "../support/blend-beginnings.ts";
import { checkFrame } from "../support/check-frame.ts";
import { damaged, nearly, randomBytesOf } from "../support/fuzz/fuzz-input.ts";
import { fuzz, orRefused, refusal } from "../support/fuzz/fuzz-run.ts";
import { fuzzRuns } from "../support/fuzz/fuzz-seed.ts";
import { joinPng, makePng, pngChunk, pngHeader, pngRows } from "../support/png.ts";
import type { Dice } from "../support/simulation/simulate-dice.mjs";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { zstdFrame } from "../support/zstd-frame.ts";

vi.setConfig({ testTimeout: 120_000 });
const format: FrameExpectation = { frame: 7, width: 9, height: 5, depth: 8, colorMode: "RGB" };

/** Chunks that are each valid: only the pixels or the order can be wrong. */
function wellFormed(dice: Dice): Buffer {
  const rows = dice.chance(0.5) ? pngRows(format, 7) : damaged(dice, pngRows(format, 7));
  const packed = deflateSync(dice.chance(0.05) ? Buffer.alloc(4_000_000) : rows);
  const text = `Frame\0${dice.pick(["007", "7", "-7", "7e0", " 7", "7\0", "9".repeat(300), ""])}`;
  const cut = dice.between(0, packed.length);
  return joinPng(
    ...(dice.chance(0.95) ? [pngHeader(format)] : []),
    pngChunk(dice.pick(["tEXt", "tEXt", "IHDR", "IDAT", "zTXt"]), text),
    pngChunk("IDAT", packed.subarray(0, cut)),
    ...(dice.chance(0.1) ? [pngChunk("tEXt", text)] : []),
    pngChunk("IDAT", dice.chance(0.2) ? damaged(dice, packed.subarray(cut)) : packed.subarray(cut)),
    ...(dice.chance(0.9) ? [pngChunk("IEND")] : []),
  );
}

test("frames: each one gets a verdict, and only a whole one with the right pixels and number is good", async () => {
  const good = makePng(format, 7);
  let taken = 0;
  await fuzz("frames", 2_500, async (dice) => {
    const bytes = dice.pick([damaged(dice, good), wellFormed(dice), good, randomBytesOf(dice, 60)]);
    const verdict = await checkFrame(bytes, format);
    if (bytes === good) expect(verdict).toMatchObject({ ok: true });
    if (verdict.ok) taken++;
    else expect(verdict.code).toMatch(/^[A-Z_]+$/);
  });
  expect(taken).toBeGreaterThan(fuzzRuns(600));
});

test("frames.ndjson: a line is a record with integers and a digest, or is rejected", async () => {
  const record = {
    ...{ frame: -3, node: { id: "ab".repeat(16), name: "n" }, blender: "3.4.1", device: "CPU", attempts: 1 },
    ...{ seconds: 1.5, sha256: "0".repeat(64), sizeBytes: 100 },
  };
  await fuzz("lines of frames.ndjson", 20_000, (dice) => {
    const parsed = parseFrameRecord(nearly(dice, record));
    if (!parsed) return;
    expect(Number.isSafeInteger(parsed.frame)).toBe(true);
    expect(parsed.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

test("farmspecs, keys and lists of nodes: each is accepted, or refused with an explanation", async () => {
  const farmspec = {
    nodes: [{ id: "ab".repeat(16), name: "n", host: "render1", port: 7447 }, { host: "10.0.0.1" }],
    ...{ discover: true, defaults: {} },
  };
  await fuzz("farmspecs, keys and lists of nodes", 20_000, (dice, index) => {
    if (index % 2 === 0) orRefused(() => parseFarmspec(nearly(dice, farmspec), "farmspec.json"));
    const list = damaged(dice, Buffer.from("hostA,hostB:7448,[fe80::1]:7447,192.168.1.20")).toString("latin1");
    orRefused(() => parseNodeList(list));
    const key = damaged(dice, Buffer.from("ABCD-EFGH-2345-67AB-CDEF-GHIJ-KLMN-OPQR")).toString("utf8");
    const parsed = orRefused(() => parseFarmKey(key, "a test"));
    if (parsed) expect(parsed.bytes.length).toBeGreaterThanOrEqual(16);
  });
});

test("job.json: it is the record, or a new job starts", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "job.json");
  const record = {
    ...{ format: 1, job: "ab".repeat(16), run: 2, fingerprint: "f", blenderVersion: null, settings: {}, facts: null },
    blend: { sha256: "0".repeat(64), sizeBytes: 5 },
  };
  await fuzz("job.json", 800, async (dice) => {
    await writeFile(path, dice.chance(0.05) ? randomBytesOf(dice, 100) : nearly(dice, record));
    const read = await readJobRecord(path).catch(refusal);
    if (read) expect(read.job).toMatch(/^[0-9a-f]{32}$/);
  });
});

test("blendfiles: the version is read from the first bytes, or the file is refused with an explanation", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "scene.blend");
  const plain = Buffer.concat([Buffer.from("BLENDER-v304RENDH"), Buffer.alloc(300, 5)]);
  const zstdHead = Buffer.from("28b52ffd2011890000424c454e4445522d7633303452454e4448", "hex");
  const forms = [plain, gzipSync(plain), zstdHead, Buffer.from("BLENDER17-01v0500REND")];
  const read = new Set<string>();
  await fuzz("blendfiles", 1_000, async (dice) => {
    const form = dice.pick(forms);
    // The claimed size is not changed: fzstd reserves as much memory as a header claims, up to 2 GiB, used or not.
    const kept = form === zstdHead ? 6 : 0;
    const odd = Buffer.concat([form.subarray(0, kept), damaged(dice, form.subarray(kept))]);
    await writeFile(path, dice.chance(0.2) ? form : odd);
    const header = await readBlendHeader(path).catch(refusal);
    if (!header) return;
    read.add(header.compression);
    expect(header.savedBy).toMatch(/^\d{1,2}\.\d{1,2}$/);
  });
  expect([...read].sort()).toEqual(["gzip", "none", "zstd"]);
});

test("the range in a blendfile: integers in order and a short name, or it is unknown", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "scene.blend");
  const whole = Object.values(beginnings).map((base64) => inflateRawSync(Buffer.from(base64, "base64")));
  let known = 0;
  const look = (range: ReturnType<typeof parseSceneRange>) => {
    if (range === null) return;
    known++;
    expect(Number.isInteger(range.frameStart) && Number.isInteger(range.frameEnd)).toBe(true);
    expect(range.frameStart).toBeLessThanOrEqual(range.frameEnd);
    expect(range.scene.length).toBeLessThanOrEqual(256);
  };
  await fuzz("first blocks of blendfiles", 20_000, (dice) => look(parseSceneRange(damaged(dice, dice.pick(whole)))));
  await fuzz("first blocks of compressed blendfiles", 400, async (dice) => {
    const plain = Buffer.concat([dice.pick(whole), Buffer.alloc(300)]);
    // fzstd reserves as much memory as a header claims, so the header is not changed.
    const packed = dice.chance(0.5) ? gzipSync(plain) : zstdFrame(plain);
    await writeFile(path, Buffer.concat([packed.subarray(0, 7), damaged(dice, packed.subarray(7))]));
    const range = await readSceneRange(path).catch(refusal);
    if (range) look(range);
  });
  expect(known).toBeGreaterThan(fuzzRuns(1_000));
});
