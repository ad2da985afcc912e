import { describe, expect, test } from "vitest";
import { unpackHadoopLz4, unpackLz4, unpackSnappy } from "../../src/formats/parquet/blockCodecs.ts";
import { inOnePiece, type Pieces } from "../../src/platform/pieces.ts";
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

test("a copy and a literal of many bytes are done with pauses, and right", () => {
  const size = 2 ** 25 + 5;
  /** The pauses, and what is made. */
  const run = (work: Pieces<Uint8Array>): [number, Uint8Array] => {
    for (let pauses = 0; ; pauses++) {
      const { done, value } = work.next();
      if (done) return [pauses, value];
    }
  };
  // Three letters, then as many as there are from 3 before.
  const rest = size - 3 - 4 - 15;
  const copy = new Uint8Array(7 + Math.floor(rest / 255)).fill(255);
  copy.set([0x3f, 97, 98, 99, 3, 0]);
  copy[copy.length - 1] = rest % 255;
  const [pauses, out] = run(unpackLz4(copy, size));
  expect(pauses).toBeGreaterThan(1);
  expect(out.every((byte, i) => byte === 97 + (i % 3))).toBe(true);
  const bytes = new Uint8Array(size).map((_, i) => i);
  const packed = new Uint8Array(size + 9);
  const varint = [0, 7, 14, 21].map((shift) => ((size >>> shift) & 127) | (shift < 21 ? 128 : 0));
  const length = [0, 8, 16, 24].map((shift) => ((size - 1) >>> shift) & 255);
  packed.set([...varint, 63 << 2, ...length]);
  packed.set(bytes, 9);
  const [literalPauses, literal] = run(unpackSnappy(packed, size));
  expect(literalPauses).toBeGreaterThan(1);
  expect(Buffer.compare(literal, bytes)).toBe(0);
  expect(() => run(unpackSnappy(packed.subarray(0, -1), size))).toThrow(/truncated/);
});

test("any bytes end in an error or in the length asked for, at once", () => {
  const stream = new RandomStream(randomKey(5));
  const start = process.cpuUsage();
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
  // Of the processor: others may use the machine.
  expect(process.cpuUsage(start).user).toBeLessThan(5e6);
});
