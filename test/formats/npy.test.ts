import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError, PushforwardError } from "../../src/errors.ts";
import { readNpy } from "../../src/tables/binary/npy.ts";
import { writeNpy } from "../../src/tables/binary/writeNpy.ts";
import { tableFromRows } from "../../src/tables/table.ts";

/** A file as NumPy writes it. */
function npy(dictionary: string, data: ArrayBufferView | number[], version: number = 1): Uint8Array {
  const text = new TextEncoder().encode(`${dictionary}\n`);
  const body = Array.isArray(data)
    ? Uint8Array.from(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const before = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(before + text.length + body.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, before);
  bytes.set(body, before + text.length);
  return bytes;
}
const header = (descr: string, shape: string, fortran = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const failure = (bytes: Uint8Array): Error => {
  try {
    readNpy(bytes, "a.npy");
  } catch (error) {
    expect((error as Error).message).not.toMatch(/\n/);
    return error as Error;
  }
  return expect.unreachable("it was read");
};

describe("reading", () => {
  test.each([
    ["<f8", new Float64Array([1.5, -2])],
    ["<f4", new Float32Array([1.5, -2])],
    ["|i1", new Int8Array([1, -2])],
    ["<i2", new Int16Array([1, -2])],
    ["<i4", new Int32Array([1, -2])],
    ["<i8", new BigInt64Array([1n, -2n])],
    ["|u1", new Uint8Array([1, 254])],
    ["<u2", new Uint16Array([1, 65534])],
    ["<u4", new Uint32Array([1, 4294967294])],
    ["<u8", new BigUint64Array([1n, 2n ** 40n])],
    ["|b1", new Uint8Array([1, 0])],
  ])("%s, in either byte order and every version", (descr, data) => {
    const expected = Array.from(data as Iterable<number | bigint>, Number);
    for (const version of [1, 2, 3]) {
      const table = readNpy(npy(header(descr, "(2,)"), data, version));
      expect(table.columns).toEqual(["x1"]);
      expect([...table.values]).toEqual(expected);
    }
    const size = data.BYTES_PER_ELEMENT;
    const bytes = [...new Uint8Array(data.buffer)];
    const swapped = [...bytes.slice(0, size).reverse(), ...bytes.slice(size).reverse()];
    const table = readNpy(npy(header(descr.replace(/^[<|]/, ">"), "(2,)"), swapped));
    expect([...table.values]).toEqual(expected);
  });

  test("rows and columns, in C and in Fortran order", () => {
    const expected = tableFromRows(
      ["x1", "x2", "x3"],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    );
    expect(readNpy(npy(header("<f8", "(2, 3)"), Float64Array.of(1, 2, 3, 4, 5, 6)))).toEqual(expected);
    const fortran = npy(header("<f8", "(2, 3)", "True"), Float64Array.of(1, 4, 2, 5, 3, 6));
    expect(readNpy(fortran)).toEqual(expected);
  });

  test("bytes that start anywhere in their buffer", () => {
    const bytes = npy(header("<f8", "(1, 1)"), Float64Array.of(7));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect([...readNpy(shifted.subarray(3)).values]).toEqual([7]);
  });
});

describe("errors", () => {
  test.each([
    ["objects", header("|O", "(2,)"), FormatError, /elements of type "\|O"; expected numbers/],
    ["strings", header("<U3", "(2,)"), FormatError, /"<U3"/],
    ["complex numbers", header("<c16", "(2,)"), FormatError, /"<c16"/],
    [
      "records",
      "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}",
      FormatError,
      /list of fields/,
    ],
    ["half precision", header("<f2", "(2,)"), FormatError, /"<f2"/],
    ["no axis", header("<f8", "()"), DataError, /shape \(\); expected one or two axes/],
    ["three axes", header("<f8", "(1, 2, 1)"), DataError, /shape \(1, 2, 1\)/],
    ["no columns", header("<f8", "(2, 0)"), DataError, /no columns/],
    ["a negative length", header("<f8", "(-2,)"), FormatError, /header .* corrupt/],
    ["a file that is too short", header("<f8", "(3,)"), FormatError, /takes 24 bytes, the file has 16/],
    ["a file that is too long", header("<f8", "(1,)"), FormatError, /takes 8 bytes, the file has 16/],
    ["a claim of petabytes", header("<f8", "(999999999999, 999999)"), FormatError, /truncated or corrupt/],
    ["no shape", "{'descr': '<f8', 'fortran_order': False}", FormatError, /corrupt/],
  ])("%s", (_, dictionary, type, message) => {
    const error = failure(npy(dictionary, Float64Array.of(1, 2)));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(message);
  });

  test("another kind of file, a later version and a truncated header", () => {
    expect(failure(new TextEncoder().encode("a,b\n1,2\n3,4\n")).message).toMatch(/is not a \.npy file/);
    expect(failure(new Uint8Array()).message).toMatch(/is not a \.npy file/);
    const good = npy(header("<f8", "(1,)"), Float64Array.of(1));
    expect(failure(good.subarray(0, 40)).message).toMatch(/truncated in its header/);
    expect(failure(Uint8Array.of(...good.subarray(0, 6), 9, ...good.subarray(7))).message).toMatch(
      /version 9/,
    );
  });

  test("a file with any byte changed is read or refused in one line", () => {
    const good = writeNpy(
      tableFromRows(
        ["a", "b"],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        try {
          readNpy(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PushforwardError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("writing", () => {
  test("aligns the elements to 64 bytes, as NumPy does", () => {
    const bytes = writeNpy(tableFromRows(["a", "b"], [[1, 2]]));
    expect(bytes.length).toBe(128 + 16);
    expect(new TextDecoder("latin1").decode(bytes.subarray(10, 128))).toBe(
      `${"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }".padEnd(117)}\n`,
    );
  });

  test("what is written is read back with the same bits", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double(), fc.double())), (rows) => {
        const table = tableFromRows(["x1", "x2", "x3"], rows);
        const back = readNpy(writeNpy(table));
        expect(back).toEqual(table);
        expect(new BigUint64Array(back.values.buffer)).toEqual(new BigUint64Array(table.values.buffer));
      }),
    );
  });
});
