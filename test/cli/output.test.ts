import { expect, test } from "vitest";
import { Output, type OutputStream } from "../../src/cli/output.ts";

/** A stream whose reader reads when the test says so. */
class SlowStream implements OutputStream {
  taken = "";
  isReading = false;
  unblocked = 0;
  readonly _handle = { setBlocking: (isBlocking: boolean) => void (isBlocking || this.unblocked++) };
  readonly #waiting: { text: string; onTaken: () => void }[] = [];

  get writableLength(): number {
    return this.#waiting.length;
  }

  write(piece: string | Buffer, onTaken: () => void): void {
    const text = piece.toString();
    if (this.isReading) {
      this.taken += text;
      queueMicrotask(onTaken); // as Node.js does if the system accepts the data at once
    } else this.#waiting.push({ text, onTaken });
  }

  /** The reader reads one piece. */
  take(): boolean {
    const next = this.#waiting.shift();
    this.taken += next?.text ?? "";
    next?.onTaken();
    return next !== undefined;
  }
}

test("output that is read at once is never behind", async () => {
  const stream = new SlowStream();
  stream.isReading = true;
  const output = new Output(stream);
  for (const text of ["a", "b", "c"]) {
    output.write(text);
    expect(output.isBehind).toBe(false);
  }
  expect(stream.taken).toBe("abc");
  expect(stream.unblocked).toBe(3); // before each write: another program may have made the file blocking
  await output.taken();
});

test("unread output is kept in order, and written once it is read", async () => {
  const stream = new SlowStream();
  const output = new Output(stream);
  const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`);
  for (const line of lines) output.write(line);
  expect(output.isBehind).toBe(true);
  expect(stream.writableLength).toBe(1); // the rest is not handed to the stream yet
  let isTaken = false;
  const taken = output.taken().then(() => {
    isTaken = true;
  });
  stream.take();
  await Promise.resolve();
  expect(isTaken).toBe(false);
  stream.isReading = true;
  while (stream.take());
  await taken;
  expect(stream.taken).toBe(lines.join(""));
  expect(output.isBehind).toBe(false);
});

test("a failed write, as on a closed pipe, blocks nothing", async () => {
  const failing: OutputStream = { writableLength: 0, write: (_, onTaken) => queueMicrotask(onTaken) };
  const output = new Output(failing);
  for (let count = 0; count < 10; count++) output.write("nobody hears this\n");
  await output.taken();
  expect(output.isBehind).toBe(false);
});

test("excess lines are dropped and counted at their place; other text is kept", async () => {
  const stream = new SlowStream();
  const output = new Output(stream);
  const line = `${"x".repeat(999)}\n`;
  for (let count = 0; count < 1_003; count++) output.writeLine(line); // one is being written, a thousand may wait
  output.write("the end\n");
  stream.isReading = true;
  while (stream.take());
  await output.taken();
  expect(stream.taken).toBe(`${line.repeat(1_001)}(2 lines dropped here: the output was not read in time)\nthe end\n`);
  output.writeLine("and on\n");
  expect(stream.taken.endsWith("the end\nand on\n")).toBe(true);
});

test("dropped lines are reported even if nothing follows them", async () => {
  const stream = new SlowStream();
  const output = new Output(stream);
  for (let count = 0; count < 1_002; count++) output.writeLine(`${"x".repeat(999)}\n`);
  stream.isReading = true;
  while (stream.take());
  await output.taken();
  expect(stream.taken).toMatch(/\(1 line dropped here: the output was not read in time\)\n$/);
});
