import { counted } from "../index.ts";

/** Characters that may wait for a reader before lines are left out; a screen has some thousand. */
const mostWaiting = 1_000_000;
/** Characters that are handed on at once, and kept outside the heap until then. */
const pieceLength = 65_536;

/** A stream of the program, as much of it as an output needs. */
export interface OutputStream {
  readonly writableLength: number;
  write(piece: string | Buffer, onTaken: () => void): unknown;
  /** Node's own; it has no public way to this. */
  readonly _handle?: { setBlocking?(isBlocking: boolean): unknown } | null;
}

/**
 * What the program says through one of its streams. The program never waits for the reader: what he does not take is kept
 * here, and goes on to him in order once he does.
 *
 * Node by itself would wait at a terminal: it writes there synchronously, and one that Ctrl-S has stopped takes nothing.
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

  /** Whether the reader has yet to take something. What is of use only now should be left out then. */
  get isBehind(): boolean {
    return this.#isTaking || this.#waiting > 0;
  }

  /** Says something that must not be lost, however long it waits. */
  write(text: string): void {
    this.#tellOfGap();
    this.#append(text);
  }

  /** Says a line of those without number: when too much waits it is left out, and counted. */
  writeLine(line: string): void {
    if (this.#waiting + line.length <= mostWaiting) this.write(line);
    else this.#linesLeftOut += 1;
  }

  /** Resolves when all is taken, which may be never. */
  taken(): Promise<void> {
    if (!this.isBehind) return Promise.resolve();
    return new Promise((resolve) => this.#whenTaken.add(resolve));
  }

  #tellOfGap(): void {
    if (this.#linesLeftOut === 0) return;
    const count = counted(this.#linesLeftOut, "line");
    this.#linesLeftOut = 0;
    this.#append(`(${count} left out here, since nobody read them)\n`);
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
    // Each time: a pipe is shared, and whoever starts a program on it, we too, has it wait again. A terminal Node has opened
    // for itself, so that this changes nobody else's writes.
    this.#stream._handle?.setBlocking?.(false);
    // Also called for what fails, as on a pipe that was closed: what follows fails as quickly.
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

  /** The oldest of what waits. */
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
