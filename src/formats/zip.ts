/**
 * Zip, as far as archives of arrays need it: entries that are stored or deflated, with or without the 64-bit extension.
 * The directory at the end is what counts; sizes and checksums are compared with what is there.
 *
 * PKWARE, ".ZIP File Format Specification", sections 4.3 and 4.5.3
 *
 * @module
 */

import { FormatError, unreadable } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { inflateNatively } from "./gzip.ts";

/** One file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once unpacked, as the directory says. */
  readonly size: number;
  /** Its content, unpacked and compared with its checksum. */
  read(): Promise<Uint8Array>;
}

const directoryEnd = 0x06054b50;
const directoryEnd64 = 0x06064b50;
const locator64 = 0x07064b50;
const directoryEntry = 0x02014b50;
const localEntry = 0x04034b50;
const many = 0xffffffff;

/**
 * The entries of an archive, in the order of its directory.
 * @param name what to call the file in an error.
 * @throws FormatError if it is not a zip archive, truncated, encrypted, or of another method of compression.
 */
export function readZip(bytes: Uint8Array, name: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string): never => {
    throw unreadable(name, `is a damaged zip archive: ${what}`, {
      expected: "an archive as it was written",
      received: what,
      remedy: "copy or download it again",
    });
  };
  const mark = (at: number, length: number): number =>
    at >= 0 && at + length <= bytes.length ? view.getUint32(at, true) : 0;
  const end = findEnd(view);
  if (end < 0)
    throw unreadable(name, "is not a zip archive, or is truncated: its directory is missing", {
      expected: "a zip archive",
      received: "bytes without a directory",
      remedy: "copy or download it again",
    });
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (mark(end - 20, 20) === locator64) {
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (mark(end64, 56) !== directoryEnd64) damaged("its directory does not lie where it says");
    count = Number(view.getBigUint64(end64 + 32, true));
    at = Number(view.getBigUint64(end64 + 48, true));
  }
  const entries: ZipEntry[] = [];
  const text = new TextDecoder();
  for (let i = 0; i < count; i++) {
    if (mark(at, 46) !== directoryEntry) damaged("its directory is cut short");
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const checksum = view.getUint32(at + 16, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((to) =>
      view.getUint16(at + to, true),
    ) as [number, number, number];
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) damaged("its directory is cut short");
    const entryName = text.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = at + 46 + nameLength;
    const [size, packed, local] = wideSizes(
      view,
      [24, 20, 42].map((to) => view.getUint32(at + to, true)),
      extra,
      extra + extraLength,
    );
    at = next;
    const shown = JSON.stringify(entryName.slice(0, 40));
    const read = async (): Promise<Uint8Array> => {
      if (flags & 1)
        throw new FormatError({
          where: name,
          problem: `${shown} is encrypted`,
          expected: "entries without a password",
          received: "an encrypted one",
          remedy: "save it without a password",
        });
      if (mark(local, 30) !== localEntry) damaged(`${shown} does not lie where its directory says`);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (!(packed <= bytes.length - start)) damaged(`${shown} is cut short`);
      const content = await unpack(bytes.subarray(start, start + packed), method, size).catch((error) =>
        damaged(`${shown} cannot be unpacked (${error instanceof Error ? error.message : String(error)})`),
      );
      if (content.length !== size || crc32(content) !== checksum)
        damaged(`${shown} does not match its checksum`);
      return content;
    };
    entries.push({ name: entryName, size, read });
  }
  return entries;
}

/** Where the end of the directory begins: it has a comment of up to 65,535 bytes after it. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - 22 - 65535);
  for (let at = view.byteLength - 22; at >= first; at--)
    if (
      view.getUint32(at, true) === directoryEnd &&
      at + 22 + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return -1;
}

/** Sizes of 64 bits in the place of those that do not fit 32. */
function wideSizes(
  view: DataView,
  sizes: number[],
  from: number,
  to: number,
): [size: number, packed: number, local: number] {
  let at = from;
  while (at + 4 <= to) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    let inner = at + 4;
    if (id === 1)
      sizes.forEach((size, i) => {
        if (size !== many || inner + 8 > Math.min(to, at + 4 + length)) return;
        sizes[i] = Number(view.getBigUint64(inner, true));
        inner += 8;
      });
    at += 4 + length;
  }
  return sizes as [number, number, number];
}

async function unpack(packed: Uint8Array, method: number, size: number): Promise<Uint8Array> {
  if (method === 0) return packed;
  if (method !== 8)
    throw new Error(`it is compressed by method ${method}; stored and deflated entries are read`);
  return await inflateNatively(packed, "deflate-raw", (length) => {
    if (length > size) throw new Error("it is longer than it claims");
  });
}
