/** The length in 4 bytes, big-endian, then the bytes: fields joined in this way cannot be shifted into each other. */
export function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
