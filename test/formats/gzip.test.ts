import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { gunzip, gunzipOf } from "../../src/formats/gzip.ts";
import { concatenate } from "../../src/platform/packedBytes.ts";
import { inOnePiece } from "../../src/platform/pieces.ts";
import { readTable } from "../../src/tables/reading/readTable.ts";

const text = (length: number): Uint8Array =>
  new TextEncoder().encode(Array.from({ length }, (_, i) => `${Math.sin(i)},${i}\n`).join(""));
const parts = [text(5000), text(3), new Uint8Array(), text(500)];
const members = parts.map((part) => new Uint8Array(gzipSync(part)));
const whole = concatenate(parts);
/** Not compared by the test runner, which takes seconds for as many bytes. */
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Browsers' decompression ends with the first member, and refuses whatever follows. */
class OneMember {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  constructor() {
    const { readable, writable } = new TransformStream({
      transform: () => Promise.reject(new TypeError("Junk found after end of compressed data.")),
    });
    this.readable = readable;
    this.writable = writable;
  }
}

afterEach(() => vi.unstubAllGlobals());

describe.each(["Node's decompression", "a browser's, which takes one member"])("with %s", (which) => {
  const prepare = (): void => {
    if (which.startsWith("a browser")) vi.stubGlobal("DecompressionStream", OneMember);
  };

  test("several members are one file", async () => {
    prepare();
    expect(same(await gunzip(concatenate(members)), whole)).toBe(true);
    const file = new URL("../files/reports/gzip-members.csv.gz", import.meta.url);
    const table = await readTable(new Uint8Array(readFileSync(file)), { name: "gzip-members.csv.gz" });
    expect([table.rows, ...table.columns]).toEqual([60, "x", "y"]);
  });

  test("zero bytes after a member are padding", async () => {
    prepare();
    for (const padding of [1, 7, 512, 70_000]) {
      const padded = await gunzip(concatenate([members[0]!, new Uint8Array(padding)]));
      expect(same(padded, parts[0]!)).toBe(true);
      const between = members.flatMap((member) => [member, new Uint8Array(padding)]);
      expect(same(await gunzip(concatenate(between)), whole)).toBe(true);
    }
  });

  test("other bytes after a member, a member cut short and a wrong checksum are refused", async () => {
    prepare();
    const all = concatenate(members);
    for (const rest of [
      [1],
      [0, 0, 5],
      [0x1f, 0x8b, 9, 9],
      [...new TextEncoder().encode("some text, quite long")],
    ])
      await expect(gunzip(Uint8Array.of(...members[1]!, ...rest), "a.gz"), String(rest)).rejects.toThrow(
        FormatError,
      );
    for (const length of [all.length - 1, all.length - 9, members[0]!.length - 3])
      await expect(gunzip(all.subarray(0, length))).rejects.toThrow(/corrupt or truncated/);
    const flipped = members[0]!.slice();
    flipped[flipped.length - 6]! ^= 1;
    await expect(gunzip(concatenate([flipped, members[1]!]))).rejects.toThrow(/corrupt or truncated/);
  });

  test("what unpacks to too much is refused, with the limit", async () => {
    prepare();
    const zeros = new Uint8Array(gzipSync(new Uint8Array(2 ** 20)));
    await expect(gunzip(zeros, "z.gz", { bytes: 1e6 })).rejects.toThrow(
      /z\.gz has \d+ bytes after decompression, more than the limit of 1000000.*`limits: \{ "bytes": /,
    );
    expect((await gunzip(zeros)).length).toBe(2 ** 20);
  });
});

test("a page of several members is unpacked to exactly its length", async () => {
  const unpack = await gunzipOf();
  expect(same(inOnePiece(unpack(concatenate(members), whole.length)), whole)).toBe(true);
  for (const length of [whole.length - 1, whole.length + 1])
    expect(() => inOnePiece(unpack(concatenate(members), length))).toThrow(/than it claims/);
  // Members that end where a piece of the input does.
  const block = new Uint8Array(gzipSync(new Uint8Array(2 ** 13 - 23), { level: 0 }));
  expect(block.length).toBe(2 ** 13);
  const many = concatenate([block, block, members[0]!]);
  const length = 2 * (2 ** 13 - 23) + parts[0]!.length;
  expect(inOnePiece(unpack(many, length)).subarray(-parts[0]!.length)).toEqual(parts[0]);
});
