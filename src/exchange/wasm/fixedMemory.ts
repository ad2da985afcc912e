/**
 * A module whose memory is as large from the first as it may ever be.
 *
 * Where a runtime cannot leave the bounds of memory to the machine's pages, as in ClickHouse, it looks at them at each access. The bounds of a
 * memory that cannot grow are a constant there: no load, and no subtraction, at each.
 *
 * @module
 */

import { ByteWriter } from "../../engines/wasm/emit/binary.ts";
import { Reader } from "../../engines/wasm/standalone/instructions.ts";

/** The number of the section of memories. */
const memorySection = 5;

/**
 * The bytes of a module with a memory of `pages`, no more and no less, of 64 KB each; the same where half of that is not enough for what is in its
 * memory, which then grows as before. Pages that nothing is written to take no room.
 */
export function withFixedMemory(bytes: Uint8Array, pages: number): Uint8Array {
  const reader = new Reader(bytes);
  reader.at = 8;
  while (reader.at < bytes.length) {
    const start = reader.at;
    const section = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (section === memorySection) {
      // How many memories there are, and whether this one has a bound.
      reader.at += 2;
      if (reader.unsigned() > pages / 2) return bytes;
      const content = new ByteWriter();
      content.bytes([1, 1]);
      content.unsigned(pages);
      content.unsigned(pages);
      const out = new ByteWriter();
      out.bytes(bytes.subarray(0, start));
      out.byte(memorySection);
      out.sized(content.written);
      out.bytes(bytes.subarray(end));
      return out.written;
    }
    reader.at = end;
  }
  return bytes;
}
