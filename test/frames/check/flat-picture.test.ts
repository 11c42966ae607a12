import fc from "fast-check";
import { expect, test } from "vitest";
import { FlatPicture } from "../../../src/frames/check/flat-picture.ts";

/** Filters rows as PNG's specification says, byte by byte. */
function filtered(rows: readonly Buffer[], filters: readonly number[], pixelBytes: number): Buffer {
  return Buffer.concat(
    rows.map((row, index) => {
      const filter = filters[index % filters.length] ?? 0;
      const above = rows[index - 1];
      const out = Buffer.alloc(row.length + 1);
      out[0] = filter;
      row.forEach((value, at) => {
        const left = row[at - pixelBytes] ?? 0;
        const up = above?.[at] ?? 0;
        const corner = above?.[at - pixelBytes] ?? 0;
        out[at + 1] = value - ([0, left, up, Math.floor((left + up) / 2), paeth(left, up, corner)][filter] ?? 0);
      });
      return out;
    }),
  );
}

function paeth(left: number, up: number, corner: number): number {
  const near = (value: number) => Math.abs(left + up - corner - value);
  if (near(left) <= near(up) && near(left) <= near(corner)) return left;
  return near(up) <= near(corner) ? up : corner;
}

const picture = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
  color: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
  piece: fc.integer({ min: 1, max: 40 }),
});

function colorOf(data: Buffer, rowBytes: number, pixelBytes: number, piece: number): string | null {
  const flat = new FlatPicture(rowBytes, pixelBytes);
  for (let at = 0; at < data.length; at += piece) flat.take(data.subarray(at, at + piece));
  return flat.color;
}

test("a picture of one colour is recognised with all of PNG's filters, in pieces of any size", () => {
  fc.assert(
    fc.property(picture, ({ width, height, color, filters, piece }) => {
      const row = Buffer.concat(Array.from({ length: width }, () => Buffer.from(color)));
      const data = filtered(
        Array.from({ length: height }, () => row),
        filters,
        color.length,
      );
      expect(colorOf(data, row.length + 1, color.length, piece)).toBe(Buffer.from(color).toString("hex"));
    }),
  );
});

test("a picture in which one byte differs is not flat", () => {
  fc.assert(
    fc.property(picture, fc.nat(), fc.integer({ min: 1, max: 255 }), (shape, place, change) => {
      const { width, height, color, filters, piece } = shape;
      fc.pre(width * height > 1);
      const row = Buffer.concat(Array.from({ length: width }, () => Buffer.from(color)));
      const rows = Array.from({ length: height }, () => Buffer.from(row));
      const at = place % (row.length * height);
      const changed = rows[Math.floor(at / row.length)] as Buffer;
      changed[at % row.length] = (changed[at % row.length] ?? 0) + change;
      expect(colorOf(filtered(rows, filters, color.length), row.length + 1, color.length, piece)).toBeNull();
    }),
  );
});

test("rows that differ are not flat", () => {
  const flat = new FlatPicture(4, 3);
  flat.take(Buffer.from([0, 1, 2, 3, 0, 9, 9, 9]));
  expect(flat.color).toBeNull();
});
