/** One zstd frame that holds the content, of 256 to 65,791 bytes, in a raw block, so that no packer is needed. */
export function zstdFrame(content: Buffer): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x60, 0, 0, 0, 0, 0]);
  head.writeUInt16LE(content.length - 256, 5);
  head.writeUIntLE((content.length << 3) | 1, 7, 3);
  return Buffer.concat([head, content]);
}
