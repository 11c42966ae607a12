/** The length in 4 bytes, big-endian, then the bytes. Fields that are joined this way are unambiguous. */
export function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
