/** Bytes of one transfer: the only use of binary messages. */
export interface Piece {
  readonly transfer: number;
  /** Where in the whole these bytes belong. */
  readonly offset: number;
  readonly data: Buffer;
}

export const pieceHeaderBytes = 12;
export const largestPieceBytes = 1024 * 1024;

export function encodePiece(piece: Piece): Buffer {
  const header = Buffer.alloc(pieceHeaderBytes);
  header.writeUInt32BE(piece.transfer, 0);
  header.writeBigUInt64BE(BigInt(piece.offset), 4);
  return Buffer.concat([header, piece.data]);
}

/** @returns `undefined` when it is no piece: too short, empty, too long, or at an offset that no transfer can have */
export function decodePiece(message: Buffer): Piece | undefined {
  if (message.length <= pieceHeaderBytes || message.length > pieceHeaderBytes + largestPieceBytes) return undefined;
  const offset = message.readBigUInt64BE(4);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { transfer: message.readUInt32BE(0), offset: Number(offset), data: message.subarray(pieceHeaderBytes) };
}
