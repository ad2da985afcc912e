import { beforeAll, describe, expect, it } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import { readSafetensors, type Tensor, writeSafetensors } from "../../src/formats/safetensors.ts";
import { modelFromBytes, modelToBytes } from "../../src/models/files/modelFile.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { curved, quick } from "../fitting/tables.ts";

let bytes: Uint8Array;
let conditional: Uint8Array;
beforeAll(async () => {
  // Without held-out rows, whose scale would be the first part, the parts are those of the architecture.
  const options = { ...quick, hidden: [4], epochs: 1, validation: 0 };
  bytes = (await fit(curved(60, 1), { ...options, flow: "nsf" })).flow.toBytes();
  conditional = (await fit(curved(60, 1), { ...options, given: ["gap"] })).flow.toBytes();
});

/** Reads what must not be readable; what would take for ever ends with the time of a test. */
function refuse(damaged: Uint8Array, what: string, message: RegExp = /./): void {
  let error: unknown;
  try {
    modelFromBytes(damaged, "model.safetensors");
  } catch (caught) {
    error = caught;
  }
  expect(error, what).toBeInstanceOf(FormatError);
  expect((error as Error).message, what).toMatch(message);
  expect((error as Error).message, what).toContain("model.safetensors");
  expect((error as Error).message, what).not.toContain("\n");
  expect((error as Error).message.length, what).toBeLessThan(500);
}

/** The file with its architecture changed. */
// biome-ignore lint/suspicious/noExplicitAny: the JSON is damaged on purpose.
function withJson(change: (json: any) => unknown, of: Uint8Array = bytes): Uint8Array {
  const { tensors, metadata } = readSafetensors(of);
  const json = JSON.parse(metadata.pushforward!);
  const changed = change(json) ?? json;
  return writeSafetensors(tensors, {
    ...metadata,
    pushforward: typeof changed === "string" ? changed : JSON.stringify(changed),
  });
}

function withTensors(change: (tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const copy = new Map(tensors);
  change(copy);
  return writeSafetensors(copy, metadata);
}

describe("a model file", () => {
  it("is the same after reading and writing", () => {
    for (const own of [bytes, conditional]) expect(modelToBytes(modelFromBytes(own))).toEqual(own);
  });

  it("of a mixture or a kernel density is refused where its base is not what its tensors are", async () => {
    for (const [flow, size] of [
      ["mixture", "components"],
      ["kde", "points"],
    ] as const) {
      const own = (await fit(curved(60, 1), { flow, threads: 1 })).flow.toBytes();
      for (const value of [1e12, 0, -1, 1.5, "3", null, undefined])
        refuse(
          withJson((json) => void (json.base[size] = value), own),
          `${size} ${value}`,
        );
      for (const features of [1e9, 2, undefined])
        refuse(
          withJson((json) => void (json.base.features = features), own),
          `features ${features}`,
        );
      for (const type of ["toString", "standardNormal", null])
        refuse(
          withJson((json) => void (json.base.type = type), own),
          `type ${type}`,
        );
    }
  });

  it("is refused wherever it is cut off", () => {
    for (let length = 0; length < bytes.length; length += 97)
      refuse(bytes.subarray(0, length), `${length} bytes`);
    refuse(bytes.subarray(0, bytes.length - 1), "one byte less");
    refuse(Uint8Array.of(...bytes, 0), "one byte more");
  });

  it("is refused if it is random bytes", () => {
    const stream = new RandomStream(randomKey(1));
    for (const length of [0, 1, 7, 8, 9, 100, 5000])
      for (let k = 0; k < 20; k++)
        refuse(
          Uint8Array.from({ length }, () => stream.nextUint32() & 255),
          `${length} bytes`,
        );
  });

  it("with bytes of its header changed is refused or read, and nothing else happens", () => {
    const stream = new RandomStream(randomKey(2));
    const header = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    for (let k = 0; k < 300; k++) {
      const damaged = bytes.slice();
      damaged[8 + stream.integerBelow(header)] = stream.integerBelow(256);
      try {
        modelFromBytes(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  });

  it("with any one bit of its tensors flipped is refused", () => {
    const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    for (let at = start; at < bytes.length; at += 13) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      refuse(flipped, `byte ${at}`, /digest|not finite/);
    }
  });

  it("without a digest, as another language may write it, is read", () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const { digest: _, ...rest } = metadata;
    expect(modelToBytes(modelFromBytes(writeSafetensors(tensors, rest)))).toEqual(bytes);
  });

  it("that claims a header of 2^63 bytes is refused", () => {
    for (const claim of [2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 100_000_001n]) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setBigUint64(0, claim, true);
      refuse(damaged, String(claim));
    }
  });

  it("of a newer version is refused by saying so", () => {
    const { tensors, metadata } = readSafetensors(bytes);
    refuse(
      writeSafetensors(tensors, { ...metadata, format_version: "2" }),
      "2",
      /version 2.*reads up to 1.*update/,
    );
    for (const version of ["", "one", "-1", "1.5", "9".repeat(400)])
      refuse(writeSafetensors(tensors, { ...metadata, format_version: version }), version, /format_version/);
    refuse(writeSafetensors(tensors, {}), "no metadata", /not a model of pushforward/);
  });

  it("with tensors that do not fit is refused by their name", () => {
    const first = [...readSafetensors(bytes).tensors.keys()].find((name) => name.endsWith("weight0"))!;
    const set = (change: (tensor: Tensor) => Tensor) =>
      withTensors((tensors) => tensors.set(first, change(tensors.get(first)!)));
    const named = new RegExp(first.replaceAll(".", "\\."));
    refuse(
      withTensors((tensors) => tensors.delete(first)),
      "missing",
      named,
    );
    refuse(
      withTensors((tensors) => tensors.set("other", { dtype: "F32", shape: [1], data: new Float32Array(1) })),
      "extra",
      /"other"/,
    );
    refuse(
      set(({ data }) => ({ dtype: "F32", shape: [data.length], data }) as Tensor),
      "flat",
      named,
    );
    refuse(
      set(({ shape, data }) => ({ dtype: "F32", shape: shape.slice().reverse(), data }) as Tensor),
      "transposed",
      named,
    );
    refuse(
      set(() => ({ dtype: "F32", shape: [1], data: new Float32Array(1) })),
      "small",
      named,
    );
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      refuse(
        set(({ shape, data }) => ({
          dtype: "F32",
          shape,
          data: Float32Array.from(data as Float32Array, (x, i) => (i === 1 ? value : x)),
        })),
        String(value),
        /not finite/,
      );
    refuse(
      set(({ shape, data }) => ({ dtype: "I32", shape, data: new Int32Array(data.length) }) as Tensor),
      "integers",
      named,
    );
  });

  it("whose architecture is not one is refused", () => {
    // biome-ignore lint/suspicious/noExplicitAny: the JSON is damaged on purpose.
    const changes: Record<string, (json: any) => unknown> = {
      "not JSON": () => "{",
      null: () => "null",
      "a list": () => "[]",
      "no kind": (json) => void delete json.kind,
      "another kind": (json) => void (json.kind = "toString"),
      "no columns": (json) => void (json.columns = []),
      "a column more": (json) => void json.columns.push("q"),
      "an empty column": (json) => void (json.columns[0] = ""),
      "a column that is a number": (json) => void (json.columns[0] = 3),
      "a column twice": (json) => void (json.columns[1] = json.columns[0]),
      "given columns from nowhere": (json) => void (json.given = ["q"]),
      "an unknown bijection": (json) => void (json.bijection.parts[0].type = "constructor"),
      "an inherited bijection": (json) => void (json.bijection.type = "__proto__"),
      "no parts": (json) => void (json.bijection.parts = []),
      "parts that are no list": (json) => void (json.bijection.parts = { length: 1e9 }),
      "parts that are null": (json) => void (json.bijection.parts = [null]),
      "other features": (json) => void (json.bijection.parts[0].features = 4),
      "another base": (json) => void (json.base.features = 4),
      "an unknown base": (json) => void (json.base.type = "cauchy"),
      "another preparation": (json) => void (json.preparation.parts[0].features = 4),
      "a context from nowhere": (json) =>
        void (json.contextPreparation = { type: "standardization", features: 1 }),
      "a context in a part": (json) => void (json.bijection.parts[0].context = 1),
      "a negative context": (json) => void (json.bijection.parts[0].context = -1),
      "a text for a size": (json) => void (json.bijection.parts[0].hidden = "44"),
      "half a hidden unit": (json) => void (json.bijection.parts[0].hidden = [0.5]),
      "an unknown transformer": (json) => void (json.bijection.parts[0].transformer.type = "hasOwnProperty"),
      "other bins": (json) => void (json.bijection.parts[0].transformer.bins = 9),
      "one feature twice": (json) => void (json.bijection.parts[0].transformed = [0, 0]),
      "a feature too far": (json) => void (json.bijection.parts[0].transformed = [7]),
      "a precision that there is not": (json) => void (json.precision = "float16"),
      "no history": (json) => void delete json.fitted,
      "epochs of text": (json) => void (json.fitted.epochs = "many"),
    };
    for (const [what, change] of Object.entries(changes)) refuse(withJson(change), what);
    // biome-ignore lint/suspicious/noExplicitAny: the JSON is damaged on purpose.
    const given: Record<string, (json: any) => unknown> = {
      "no context preparation": (json) => void (json.contextPreparation = null),
      "a larger context preparation": (json) =>
        void (json.contextPreparation = { type: "standardization", features: 2 }),
      "a given column more": (json) => void json.given.push("q"),
      "no given column": (json) => void (json.given = []),
      "a column both fitted and given": (json) => void (json.given = [json.columns[0]]),
    };
    for (const [what, change] of Object.entries(given)) refuse(withJson(change, conditional), what);
  });

  it("that claims huge sizes is refused at once, without room for them", () => {
    const before = process.memoryUsage().rss;
    for (const size of [1e6, 1e8, 2 ** 31, 2 ** 53 - 1, 1e300]) {
      refuse(
        withJson((json) => void (json.bijection.parts[0].features = size)),
        `features ${size}`,
      );
      refuse(
        withJson((json) => {
          json.base.features = json.preparation.parts[0].features = size;
          for (const part of json.bijection.parts) part.features = size;
        }),
        `all features ${size}`,
      );
      refuse(
        withJson((json) => void (json.bijection.parts[0].hidden = [size, size])),
        `hidden ${size}`,
      );
      refuse(
        withJson((json) => void (json.bijection.parts[0].transformer.bins = size)),
        `bins ${size}`,
      );
      refuse(
        withJson((json) => void (json.bijection.parts[0].context = size)),
        `context ${size}`,
      );
      refuse(
        withJson(
          (json) => void (json.preparation.parts[0] = { type: "marginalSpline", features: 3, knots: size }),
        ),
        `knots ${size}`,
      );
      refuse(
        withJson((json) => {
          json.bijection.parts[0] = {
            type: "maskedAutoregressive",
            features: size,
            transformer: { type: "affine" },
            hidden: [size],
          };
        }),
        `autoregressive ${size}`,
      );
    }
    // Text, because what parses any depth does not print it.
    const nested = (before: string, inside: string, after: string, depth: number): Uint8Array =>
      withJson((json) =>
        JSON.stringify({ ...json, bijection: 0 }).replace(
          '"bijection":0',
          `"bijection":${before.repeat(depth)}${inside}${after.repeat(depth)}`,
        ),
      );
    const leaf = '{"type":"standardization","features":3}';
    for (const depth of [10, 1000, 5000, 50_000]) {
      refuse(nested('{"type":"chain","parts":[', leaf, "]}", depth), `${depth} chains`);
      refuse(nested('{"type":"invert","inner":', leaf, "}", depth), `${depth} inverses`);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it("cannot reach the prototype of anything", () => {
    const inside = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},';
    const damaged = [
      withJson((json) => JSON.stringify(json).replace(/^\{/, `{${inside}`)),
      withJson((json) => JSON.stringify(json).replace('"fitted":{', `"fitted":{${inside}`)),
      withJson((json) =>
        JSON.stringify(json).replace('"dequantized":{', '"dequantized":{"__proto__":1,"constructor":2'),
      ),
      withJson((json) => JSON.stringify(json).replace('"bijection":{', `"bijection":{${inside}`)),
      withTensors((tensors) =>
        tensors.set("__proto__", { dtype: "F32", shape: [1], data: new Float32Array(1) }),
      ),
      withTensors((tensors) =>
        tensors.set("__proto__.polluted", { dtype: "F32", shape: [1], data: new Float32Array(1) }),
      ),
    ];
    for (const own of damaged) {
      try {
        modelFromBytes(own);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(([] as unknown as Record<string, unknown>).polluted).toBeUndefined();
    }
  });
});
