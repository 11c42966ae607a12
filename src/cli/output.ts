import { counted } from "../index.ts";

/** Characters that may wait for a reader before lines are dropped. A screenful has a few thousand. */
const mostWaiting = 1_000_000;
/** Characters that are written at once. Full pieces wait as buffers, outside the heap. */
const pieceLength = 65_536;

/** The part of `process.stdout` that an output needs. */
export interface OutputStream {
  readonly writableLength: number;
  write(piece: string | Buffer, onTaken: () => void): unknown;
  /** Node's internal handle; Node has no public way to make a write non-blocking. */
  readonly _handle?: { setBlocking?(isBlocking: boolean): unknown } | null;
}

/**
 * One of the program's output streams. The program never waits for the reader: text that is not read is kept here, and
 * written in order later.
 *
 * Plain Node would wait: it writes to terminals synchronously, and a terminal stopped by Ctrl-S reads nothing.
 */
export class Output {
  readonly #stream: OutputStream;
  readonly #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #rest = "";
  #isTaking = false;
  #handed = 0;
  #linesLeftOut = 0;
  readonly #whenTaken = new Set<() => void>();

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Whether some text is not read yet. Text that is useful only now should then not be written. */
  get isBehind(): boolean {
    return this.#isTaking || this.#waiting > 0;
  }

  /** Writes text that must not be lost, however long it waits. */
  write(text: string): void {
    this.#tellOfGap();
    this.#append(text);
  }

  /** Writes a line of which there may be any number. While too much text waits it is dropped, and counted. */
  writeLine(line: string): void {
    if (this.#waiting + line.length <= mostWaiting) this.write(line);
    else this.#linesLeftOut += 1;
  }

  /** Resolves when everything is read, which may be never. */
  taken(): Promise<void> {
    if (!this.isBehind) return Promise.resolve();
    return new Promise((resolve) => this.#whenTaken.add(resolve));
  }

  #tellOfGap(): void {
    if (this.#linesLeftOut === 0) return;
    const count = counted(this.#linesLeftOut, "line");
    this.#linesLeftOut = 0;
    this.#append(`(${count} dropped here: the output was not read in time)\n`);
  }

  #append(text: string): void {
    if (!this.isBehind) {
      this.#hand(text);
      return;
    }
    this.#rest += text;
    if (this.#rest.length < pieceLength) return;
    const piece = Buffer.from(this.#rest);
    this.#rest = "";
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
  }

  #hand(piece: string | Buffer): void {
    this.#handed += 1;
    const number = this.#handed;
    // Set before each write: a pipe is shared, and starting a program on it (as we do) makes it blocking again. Node
    // reopens a terminal for itself, so this does not affect other programs there.
    this.#stream._handle?.setBlocking?.(false);
    // Also called when the write fails, as on a closed pipe. The following writes then fail as quickly.
    this.#stream.write(piece, () => {
      if (number === this.#handed) this.#onTaken();
    });
    this.#isTaking = this.#stream.writableLength > 0;
  }

  #onTaken(): void {
    this.#isTaking = false;
    if (this.#waiting === 0) this.#tellOfGap();
    else this.#hand(this.#next());
    if (this.isBehind) return;
    for (const resolve of this.#whenTaken) resolve();
    this.#whenTaken.clear();
  }

  /** Removes and returns the oldest waiting piece. */
  #next(): string | Buffer {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#pieceBytes -= piece.length;
      return piece;
    }
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }

  get #waiting(): number {
    return this.#pieceBytes + this.#rest.length;
  }
}
