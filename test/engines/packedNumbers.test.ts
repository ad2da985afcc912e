/** Numbers of a module that are written out when an instance is made. */

import { expect, test } from "vitest";
import { ModuleBuilder } from "../../src/engines/wasm/emit/assembler.ts";
import { farAddress, MemoryImage } from "../../src/engines/wasm/standalone/image.ts";
import {
  addUnpacking,
  type Numbers,
  type Packed,
  packed,
} from "../../src/engines/wasm/standalone/packedNumbers.ts";
import { RangeWriter } from "../../src/engines/wasm/standalone/rangeCoding.ts";
import { shortModule } from "../../src/engines/wasm/standalone/shortCode.ts";
import { randomKey, uniformsAt } from "../../src/random/philox.ts";

const listOf = (count: number, value: (i: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => value(i));

function bytesOf({ written, direct }: Packed): number {
  const writer = new RangeWriter();
  writer.list(written, direct);
  return writer.finish().length;
}

/** Numbers of all lengths. */
function anyLengths(count: number): Float64Array {
  const uniforms = new Float64Array(2 * count);
  uniformsAt(randomKey(7), 0, 2 * count, uniforms);
  return listOf(count, (i) => Math.floor(2 ** (31 * uniforms[2 * i]! ** 2) * uniforms[2 * i + 1]!));
}

/** Each with the bits of a number in the file, at most. */
const lists: readonly (readonly [Numbers, number])[] = [
  [listOf(901, (i) => (i * 37) % 2003), 13],
  [listOf(901, (i) => (i * 37) % 127), 8],
  [listOf(901, (i) => 7 + 3 * i), 1],
  [listOf(100, (i) => 65_535 * (i % 2) - 70_000), 3],
  [listOf(333, (i) => 1 + ((i * i) % 500) - 0.5412058508740634), 11],
  [listOf(64, (i) => 50 * (i * i) + 1e9), 8],
  [Int32Array.from({ length: 77 }, (_, i) => (i % 5) - 1), 5],
  [Int32Array.from({ length: 77 }, (_, i) => 100 * i - 7), 2],
  // Many, so that a carry goes through several bytes.
  [anyLengths(30_000), 16],
  // Of a step that is none of 16 bits, and as far apart as may be.
  [listOf(500, (i) => 700 * i + (i % 3)), 12],
  [listOf(40, (i) => (2 ** 31 - 1) * (i % 2)), 8],
  [listOf(40, (i) => (i < 39 ? 3 * i : 2 ** 31 - 2)), 8],
  // Few different ones, of no common step: places in the list of these.
  [listOf(400, (i) => Math.log(1 + ((i * i) % 7))), 5],
  [Int32Array.from({ length: 100 }, (_, i) => (2 ** 31 - 1) * ((i % 3) - 1)), 6],
  [listOf(100, (i) => (i === 1 ? 1 : 2 ** 31 * (i % 2))), 5],
  // None of these: too far apart and all different, not a number, a zero with a sign, few, weights.
  [listOf(40, (i) => (i < 2 ? (i - 0.5) * Number.MAX_VALUE * 2 : i / 7)), 64],
  [listOf(40, (i) => Math.sin(i)), 64],
  [listOf(40, (i) => (i === 7 ? Number.NaN : i)), 64],
  [listOf(40, (i) => (i === 7 ? -0 : i)), 64],
  [listOf(4, (i) => i), 64],
  [listOf(4000, (i) => Math.sin(i % 1500)), 64],
];

test("numbers in a few bits are what they were, and others are not packed", async () => {
  const image = new MemoryImage(64, farAddress);
  const addresses = lists.map(([numbers]) => image.numbers(numbers));
  // Equal ones are there once.
  expect(lists.map(([numbers]) => image.numbers(numbers.slice()))).toEqual(addresses);
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 64 });
  const start = addUnpacking(module, image);
  const { segments } = image;
  const whole = module.finish({
    pages: 32,
    finish: (section) => {
      section(11, (content) => {
        content.unsigned(segments.length);
        for (const { address, bytes } of segments) {
          content.bytes([0x00, 0x41]);
          content.signed(address);
          content.byte(0x0b);
          content.sized(bytes);
        }
      });
    },
  });
  const { instance } = await WebAssembly.instantiate(shortModule(whole, { start }), {});
  const { buffer } = (instance.exports as { memory: WebAssembly.Memory }).memory;
  for (const [i, [numbers]] of lists.entries()) {
    const Numbers = numbers instanceof Int32Array ? Int32Array : Float64Array;
    expect(new Numbers(buffer, addresses[i], numbers.length), `list ${i}`).toEqual(numbers);
  }
  for (const [i, [numbers, bits]] of lists.entries()) {
    const found = packed(numbers);
    expect(found !== undefined, `list ${i}`).toBe(bits < 64);
    if (found) expect(bytesOf(found), `list ${i}`).toBeLessThan(4 + (bits * numbers.length) / 8);
  }
  // Lines of the lists, and room between them.
  const data = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const most = lists.reduce((sum, [{ length }, bits]) => sum + (bits * length) / 8, 80 * lists.length);
  expect(data).toBeLessThan(most);
  const other = new MemoryImage(64);
  for (const [numbers] of lists) other.numbers(numbers);
  expect(other.packed).toEqual([]);
});
