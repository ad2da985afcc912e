/** Numbers of a module that are written out when an instance is made. */

import { expect, test } from "vitest";
import { ModuleBuilder } from "../../src/engines/wasm/emit/assembler.ts";
import { farAddress, MemoryImage } from "../../src/engines/wasm/standalone/image.ts";
import { addUnpacking, type Numbers } from "../../src/engines/wasm/standalone/packedNumbers.ts";
import { shortModule } from "../../src/engines/wasm/standalone/shortCode.ts";

const listOf = (count: number, value: (i: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => value(i));

/** Each with the bytes of a number in the file, on the average. */
const lists: readonly (readonly [Numbers, number])[] = [
  [listOf(901, (i) => (i * 37) % 2003), 2],
  [listOf(901, (i) => (i * 37) % 127), 1],
  [listOf(40, (i) => 65_535 * (i % 2) - 70_000), 2],
  [listOf(333, (i) => 1 + ((i * i) % 500) - 0.5412058508740634), 2],
  [listOf(64, (i) => 50 * (i * i) + 1e9), 1],
  [Int32Array.from({ length: 77 }, (_, i) => (i % 5) - 1), 1],
  [Int32Array.from({ length: 77 }, (_, i) => 100 * i - 7), 1],
  // Of a step that is none of 16 bits, and as far apart as may be.
  [listOf(500, (i) => 700 * i + (i % 3)), 2],
  [listOf(40, (i) => (2 ** 31 - 1) * (i % 2)), 3],
  [listOf(40, (i) => (i < 39 ? 3 * i : 2 ** 31 - 2)), 2],
  // Neither of these: too far apart, of no common step, not a number, a zero with a sign, few.
  [listOf(40, (i) => (i === 1 ? 1 : 2 ** 31 * (i % 2))), 8],
  [listOf(40, (i) => (i < 2 ? (i - 0.5) * Number.MAX_VALUE * 2 : i)), 8],
  [listOf(40, (i) => Math.sin(i)), 8],
  [listOf(40, (i) => (i === 7 ? Number.NaN : i)), 8],
  [listOf(40, (i) => (i === 7 ? -0 : i)), 8],
  [listOf(5, (i) => i), 8],
];

test("numbers in a byte or two are what they were, and others are not packed", async () => {
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
  const { instance } = await WebAssembly.instantiate(shortModule(whole, start), {});
  const { buffer } = (instance.exports as { memory: WebAssembly.Memory }).memory;
  for (const [i, [numbers]] of lists.entries()) {
    const Numbers = numbers instanceof Int32Array ? Int32Array : Float64Array;
    expect(new Numbers(buffer, addresses[i], numbers.length), `list ${i}`).toEqual(numbers);
  }
  const data = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const least = lists.reduce((sum, [{ length }, bytes]) => sum + bytes * length, 0);
  // Lines of the lists, and room between them.
  expect(data - least).toBeGreaterThan(0);
  expect(data - least).toBeLessThan(80 * lists.length);
  const other = new MemoryImage(64);
  for (const [numbers] of lists) other.numbers(numbers);
  expect(other.packed).toEqual([]);
});
