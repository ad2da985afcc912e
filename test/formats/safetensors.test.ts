import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError, UsageError } from "../../src/errors.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../src/formats/safetensors.ts";

/** A file from the text of its header and its data. */
function file(header: string, data: number[] = [], claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const entry = (shape: string, offsets: string, dtype = "U8"): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const failure = (bytes: Uint8Array): string => {
  try {
    readSafetensors(bytes, "m.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).not.toMatch(/\n/);
    return (error as Error).message;
  }
  return expect.unreachable("it was read");
};

const sample = (): Map<string, Tensor> =>
  new Map<string, Tensor>([
    ["layer.weight", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Number.NaN) }],
    ["layer.bias", { dtype: "F64", shape: [2], data: Float64Array.of(0.1, -0) }],
    ["step", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 62n)) }],
    ["order", { dtype: "I32", shape: [3], data: Int32Array.of(2, 0, -1) }],
    ["mask", { dtype: "U8", shape: [1, 3], data: Uint8Array.of(1, 0, 255) }],
    ["none", { dtype: "F32", shape: [0, 4], data: new Float32Array() }],
  ]);

describe("round trip", () => {
  test("tensors of every type and the metadata come back", () => {
    const metadata = { format_version: "1", pushforward: '{"a": "\u00e9\\n"}', "": "empty key" };
    const { tensors, metadata: strings } = readSafetensors(writeSafetensors(sample(), metadata));
    expect(strings).toEqual(metadata);
    expect(new Map([...tensors].sort())).toEqual(new Map([...sample()].sort()));
  });

  test("a Node Buffer that is part of a pool is read as any bytes are, and copied", () => {
    const pooled = Buffer.concat([Buffer.alloc(3), writeSafetensors(sample())]).subarray(3);
    const { tensors } = readSafetensors(pooled);
    pooled.fill(0);
    expect(new Map([...tensors].sort())).toEqual(new Map([...sample()].sort()));
  });

  test("names that mean something to JavaScript come back", () => {
    const one: Tensor = { dtype: "U8", shape: [1], data: Uint8Array.of(7) };
    const names = ["__proto__", "constructor", "10", "2", "a b", "\u00e9"];
    const metadata = JSON.parse('{"__proto__": "p", "10": "t"}') as Record<string, string>;
    const back = readSafetensors(writeSafetensors(new Map(names.map((name) => [name, one])), metadata));
    expect([...back.tensors.keys()].sort()).toEqual([...names].sort());
    expect(Object.entries(back.metadata).sort()).toEqual([
      ["10", "t"],
      ["__proto__", "p"],
    ]);
  });

  test("the bits of any float survive, NaN payloads included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (words) => {
        const data = new Float32Array(Int32Array.from(words).buffer);
        const bytes = writeSafetensors(new Map([["x", { dtype: "F32", shape: [words.length], data }]]));
        const back = readSafetensors(bytes).tensors.get("x")!.data as Float32Array;
        expect([...new Int32Array(back.buffer)]).toEqual(words);
      }),
    );
  });
});

describe("writing", () => {
  test("gives the same bytes whatever the order of tensors and metadata", () => {
    const forwards = writeSafetensors(sample(), { a: "1", b: "2" });
    const backwards = writeSafetensors(new Map([...sample()].reverse()), { b: "2", a: "1" });
    expect(forwards).toEqual(backwards);
  });

  test("pads the header with blanks to 8 bytes and aligns every tensor", () => {
    const bytes = writeSafetensors(sample());
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    expect(Object.keys(header)).toEqual([...sample().keys()].sort());
    for (const [name, { data }] of sample()) {
      expect(header[name]!.data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  test("writes part of a larger buffer", () => {
    const data = new Float64Array([9, 1, 2, 9]).subarray(1, 3);
    const bytes = writeSafetensors(new Map([["x", { dtype: "F64", shape: [2], data }]]));
    expect([...readSafetensors(bytes).tensors.get("x")!.data]).toEqual([1, 2]);
  });

  test.each([
    ["an empty name", "", [1]],
    ["the name of the metadata", "__metadata__", [1]],
    ["a shape that does not fit", "x", [2]],
    ["a negative length", "x", [-1, -1]],
  ])("%s is a UsageError", (_, name, shape) => {
    const tensor: Tensor = { dtype: "U8", shape, data: Uint8Array.of(1) };
    expect(() => writeSafetensors(new Map([[name, tensor]]))).toThrow(UsageError);
  });
});

describe("reading refuses", () => {
  test.each([
    ["an empty file", new Uint8Array(), /has 0 bytes/],
    ["a header of 2^63 bytes", file("{}", [], 2n ** 63n), /claims a header of 9223372036854775808 bytes/],
    ["a header longer than the file", file("{}", [], 3n), /claims a header of 3 bytes and has 2/],
    ["no JSON", file("{x}"), /not a JSON object/],
    ["an array", file("[]"), /not a JSON object/],
    ["an empty header", file(""), /not a JSON object/],
    ["a blank before the header", file(" {}"), /not a JSON object/],
    ["bad UTF-8", file("{}\u0000").fill(0xff, 10), /not a JSON object/],
    [
      "duplicate tensors",
      file(`{"a":${entry("[1]", "[0,1]")},"a":${entry("[1]", "[0,1]")}}`, [1]),
      /"a" twice/,
    ],
    ["duplicates in disguise", file(`{"a":${entry("[1]", "[0,1]")},"\\u0061":1}`, [1]), /"a" twice/],
    ["duplicate metadata", file('{"__metadata__":{"k":"1","k" :"2"}}'), /"k" twice/],
    [
      "duplicate fields",
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]),
      /"dtype" twice/,
    ],
    ["metadata that is no object", file('{"__metadata__":[]}'), /__metadata__ must be an object/],
    ["metadata that is no string", file('{"__metadata__":{"k":1}}'), /"k" must be a string, found 1/],
    ["an empty name", file(`{"":${entry("[1]", "[0,1]")}}`, [1]), /empty name/],
    ["an unknown dtype", file(`{"a":${entry("[1]", "[0,1]", "Q9")}}`, [1]), /a known dtype .*found "Q9"/],
    ["a dtype from the prototype", file(`{"a":${entry("[1]", "[0,1]", "toString")}}`, [1]), /a known dtype/],
    ["a dtype that is not read", file(`{"a":${entry("[1]", "[0,2]", "BF16")}}`, [1, 2]), /that is read here/],
    ["a negative length", file(`{"a":${entry("[-1]", "[0,1]")}}`, [1]), /a shape of whole numbers/],
    ["a fractional length", file(`{"a":${entry("[0.5]", "[0,1]")}}`, [1]), /a shape of whole numbers/],
    [
      "an unsafe length",
      file(`{"a":${entry("[9007199254740993]", "[0,1]")}}`, [1]),
      /a shape of whole numbers/,
    ],
    [
      "an enormous product",
      file(`{"a":${entry("[4294967296,4294967296,4294967296]", "[0,1]")}}`, [1]),
      /found 1; copy or write the file again\.$/,
    ],
    ["no shape", file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', [1]), /a shape .*found nothing/],
    [
      "a further field",
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"run":1}}', [1]),
      /found "run"/,
    ],
    ["offsets that descend", file(`{"a":${entry("[1]", "[1,0]")}}`, [1]), /ascending/],
    ["one offset", file(`{"a":${entry("[1]", "[1]")}}`, [1]), /ascending/],
    ["a size that does not fit", file(`{"a":${entry("[2]", "[0,1]")}}`, [1]), /expected 2 bytes for U8/],
    ["a gap", file(`{"a":${entry("[1]", "[1,2]")}}`, [1, 2]), /leaves a gap/],
    [
      "an overlap",
      file(`{"a":${entry("[2]", "[0,2]")},"b":${entry("[2]", "[1,3]")}}`, [1, 2, 3]),
      /"b" starts at byte 1, not 2: it overlaps/,
    ],
    [
      "a truncated file",
      file(`{"a":${entry("[2]", "[0,2]")}}`, [1]),
      /take 2 bytes, the file has 1: .*truncated/,
    ],
    ["bytes after the last tensor", file(`{"a":${entry("[1]", "[0,1]")}}`, [1, 2]), /belong to no tensor/],
    ["data without tensors", file("{}", [1]), /belong to no tensor/],
  ])("%s", (_, bytes, message) => {
    expect(failure(bytes)).toMatch(message);
  });

  test("a file cut anywhere", () => {
    const bytes = writeSafetensors(sample(), { k: "v" });
    for (let length = 0; length < bytes.length; length++) failure(bytes.subarray(0, length));
  });

  test("random bytes, and a file with any byte changed, in one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void failure(bytes)),
      { numRuns: 500 },
    );
    const good = writeSafetensors(sample(), { k: "v" });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        try {
          readSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("deep nesting without overflowing the stack", () => {
    failure(file(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`));
  });
});

test("a header with blanks after it, in any order of tensors, is read", () => {
  const bytes = file(`{"b":${entry("[1]", "[2,3]")},"a":${entry("[2]", "[0,2]")}}   `, [1, 2, 3]);
  const { tensors, metadata } = readSafetensors(bytes);
  expect([...tensors.get("a")!.data]).toEqual([1, 2]);
  expect([...tensors.get("b")!.data]).toEqual([3]);
  expect(metadata).toEqual({});
});

test("metadata of many megabytes with many escapes is read", () => {
  const long = '"\\'.repeat(2_000_000);
  expect(readSafetensors(writeSafetensors(new Map(), { long })).metadata.long).toBe(long);
});
