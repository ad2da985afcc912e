/**
 * The checksum of gzip, zip and Parquet: CRC-32, polynomial 0xedb88320 with the bits reversed (RFC 1952, section 8).
 *
 * @module
 */

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

/** CRC-32 of bytes, a whole number from 0; `before` is that of the bytes before these. */
export function crc32(bytes: Uint8Array, before: number = 0): number {
  table ??= makeTable();
  let value = ~before;
  for (let at = 0; at < bytes.length; at++) value = (value >>> 8) ^ table[(value ^ bytes[at]!) & 255]!;
  return ~value >>> 0;
}
