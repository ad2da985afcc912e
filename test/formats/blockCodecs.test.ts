import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { unpackHadoopLz4, unpackLz4, unpackSnappy } from "../../src/formats/parquet/blockCodecs.ts";
import { inOnePiece } from "../../src/platform/pieces.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

describe("Snappy", () => {
  test("of a literal and copies, near and far", () => {
    // The letters a, b, then 10 from 2 before, with 1 byte of distance; 4 from 12 before, with 2; 2 from 1 before, with 4.
    const packed = [18, 4, 97, 98, 1 | (6 << 2), 2, 2 | (3 << 2), 12, 0, 3 | (1 << 2), 1, 0, 0, 0];
    expect(new TextDecoder().decode(inOnePiece(unpackSnappy(Uint8Array.from(packed), 18)))).toBe(
      `${"ab".repeat(8)}bb`,
    );
  });

  test("with a length of its sign bit set ends in an error, not in a step back", () => {
    const literal = [18, 63 << 2, 0xf6, 0xff, 0xff, 0xff, 1, 2, 3];
    expect(() => inOnePiece(unpackSnappy(Uint8Array.from(literal), 18))).toThrow(/truncated/);
  });
});

describe("LZ4", () => {
  const block = [0x26, 97, 98, 2, 0, 0x10, 99];

  test("of literals and a copy", () => {
    expect(new TextDecoder().decode(inOnePiece(unpackLz4(Uint8Array.from(block), 13)))).toBe(
      `${"ab".repeat(6)}c`,
    );
    const framed = [0, 0, 0, 13, 0, 0, 0, block.length, ...block];
    const twice = inOnePiece(unpackHadoopLz4(Uint8Array.from([...framed, ...framed]), 26));
    expect(new TextDecoder().decode(twice)).toBe(`${"ab".repeat(6)}c`.repeat(2));
    // Without frames, too: some writers left them out.
    expect(inOnePiece(unpackHadoopLz4(Uint8Array.from(block), 13)).length).toBe(13);
  });

  test("in a frame that claims to be a step back ends in an error", () => {
    const back = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xf8];
    expect(() => inOnePiece(unpackHadoopLz4(Uint8Array.from([...back, ...back]), 13))).toThrow();
  });
});

test("any bytes end in an error or in the length asked for, at once", () => {
  const stream = new RandomStream(randomKey(5));
  const start = performance.now();
  const lengths = new Set<number>();
  for (let k = 0; k < 2000; k++) {
    const random = Uint8Array.from({ length: stream.integerBelow(40) }, () => stream.integerBelow(256));
    if (k % 2 === 0) random[0] = 100;
    // Every tenth is a sound block, one of a literal of 100, with a byte changed.
    const sound = Uint8Array.from([
      ...(k % 20 === 0 ? [100, 60 << 2, 99] : [0xf0, 85]),
      ...Array(100).keys(),
    ]);
    sound[stream.integerBelow(sound.length)] = k;
    const bytes = k % 10 === 0 ? sound : random;
    for (const unpack of [unpackSnappy, unpackLz4, unpackHadoopLz4])
      try {
        lengths.add(inOnePiece(unpack(bytes, 100)).length);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
  }
  expect([...lengths]).toEqual([100]);
  expect(performance.now() - start).toBeLessThan(5000);
});
