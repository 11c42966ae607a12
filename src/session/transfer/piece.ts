/** Bytes of a transfer, which are the only use of binary messages. */
export interface Piece {
  readonly transfer: number;
  /** Offset of these bytes in the transfer. */
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

/** @returns `undefined` if it is not a piece: too short, empty, too long, or at an impossible offset */
export function decodePiece(message: Buffer): Piece | undefined {
  if (message.length <= pieceHeaderBytes || message.length > pieceHeaderBytes + largestPieceBytes) return undefined;
  const offset = message.readBigUInt64BE(4);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { transfer: message.readUInt32BE(0), offset: Number(offset), data: message.subarray(pieceHeaderBytes) };
}
