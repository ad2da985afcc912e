/** Files that are damaged, of every reader: what refuses them says where, what was expected and what came. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readSchema } from "../../src/entries/tables.ts";
import { PushforwardError } from "../../src/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { load, readTable } from "../../src/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const root = join(import.meta.dirname, "../..");
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(join(root, "test/files", path)));
const text = new TextEncoder();

/** What refuses bytes, or undefined where they are read. */
async function refusal(read: () => Promise<unknown>): Promise<unknown> {
  try {
    await read();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Fails for an error that does not say all of it; the remedy is there where there is a way out. */
function expectFacts(error: unknown, what: string): void {
  expect(error, what).toBeInstanceOf(PushforwardError);
  const { code, where, expected, received, message } = error as PushforwardError;
  expect(code, what).toMatch(/^PUSHFORWARD_[A-Z]+$/);
  for (const [fact, value] of Object.entries({ where, expected, received }))
    expect(value, `${what}: ${fact} of: ${message}`).toMatch(/\S/);
  // A member that is absent is called undefined where the type of a value, or an encoding that Parquet does not know, is told.
  expect(message.replace(/(received|got|read,) undefined/, ""), what).not.toMatch(
    /undefined|\[object|\.\.$|\.;|; ;/,
  );
}

/** The bytes cut off, emptied, begun otherwise, and with one byte changed in many places. */
function damages(bytes: Uint8Array): readonly [string, Uint8Array][] {
  const cuts = [0, 1, 4, 12, ...[1, 2, 3, 4, 5, 6, 7].map((k) => Math.floor((k * bytes.length) / 8))];
  const places = Array.from({ length: 24 }, (_, k) => Math.floor((k * (bytes.length - 1)) / 23));
  const changed = (at: number, to: number): Uint8Array => bytes.map((byte, i) => (i === at ? to : byte));
  return [
    ...cuts.map((at): [string, Uint8Array] => [`cut off at ${at}`, bytes.slice(0, at)]),
    ...places.map((at): [string, Uint8Array] => [`byte ${at} changed`, changed(at, bytes[at]! ^ 0x55)]),
    ["another beginning", changed(0, 0)],
  ];
}

const csv = text.encode(`a,b\n"1",2.5\n${"3,4\n".repeat(30)}`);
const sources: Readonly<Record<string, readonly [name: string, bytes: Uint8Array]>> = {
  csv: ["t.csv", csv],
  gzip: ["t.csv.gz", new Uint8Array(gzipSync(csv))],
  "JSON lines": ["t.jsonl", text.encode('{"a": 1, "b": 2}\n'.repeat(10))],
  npy: ["t.npy", bytesOf("npz/fortran.npy")],
  npz: ["t.npz", bytesOf("npz/columns-deflated.npz")],
  parquet: ["t.parquet", bytesOf("parquet/codec-snappy-1.0.parquet")],
  arrow: ["t.arrow", bytesOf("arrow/kinds.arrow")],
  feather: ["t.feather", bytesOf("arrow/zstd.feather")],
};

describe("a damaged table says where, what was expected and what came", () => {
  test.each(Object.entries(sources))("%s", async (_, [name, bytes]) => {
    let refused = 0;
    for (const [damage, changed] of damages(bytes)) {
      const error = await refusal(() => readTable(changed, { name }));
      if (error === undefined) continue;
      refused++;
      expectFacts(error, `${name}, ${damage}`);
      expect((error as PushforwardError).where, damage).toContain(name);
    }
    expect(refused).toBeGreaterThan(2);
  });
});

describe("a damaged model says where, what was expected and what came", () => {
  test.each(["nsf-ar", "columns", "cnf", "residual", "mixture", "nsf-ar-given"])("%s", async (kind) => {
    const bytes = bytesOf(`models/${kind}.safetensors`);
    const { tensors, metadata } = readSafetensors(bytes, "model");
    const described = JSON.parse(metadata.pushforward!) as Record<string, unknown>;
    // Without its digest, so that each part is looked at.
    const withDescription = (json: unknown): Uint8Array =>
      writeSafetensors(tensors, {
        format_version: metadata.format_version!,
        pushforward: JSON.stringify(json),
      });
    const [first] = tensors.keys();
    const cases: readonly [string, Uint8Array][] = [
      ...damages(bytes),
      ...Object.keys(described).flatMap((member) =>
        [null, 5, {}, { type: "none" }, "x", []].map((value): [string, Uint8Array] => [
          `${member}: ${JSON.stringify(value)}`,
          withDescription({ ...described, [member]: value }),
        ]),
      ),
      ["no metadata", writeSafetensors(tensors, {})],
      ["a later version", writeSafetensors(tensors, { ...metadata, format_version: "9" })],
      ["no version", writeSafetensors(tensors, { ...metadata, format_version: "x" })],
      ["a description that is not JSON", writeSafetensors(tensors, { ...metadata, pushforward: "{" })],
      [
        "without a tensor",
        writeSafetensors(new Map([...tensors].filter(([key]) => key !== first)), metadata),
      ],
    ];
    let refused = 0;
    for (const [damage, changed] of cases) {
      const error = await refusal(() => load(changed));
      if (error === undefined) continue;
      refused++;
      expectFacts(error, `${kind}, ${damage}`);
    }
    expect(refused).toBeGreaterThan(30);
  });

  test.each(
    readdirSync(join(root, "test/files/faults")).filter((file) => /\.(safetensors|npy|parquet)$/.test(file)),
  )("%s", async (file) => {
    const read = file.endsWith(".safetensors") ? load : readTable;
    const error = await refusal(() => read(join(root, "test/files/faults", file)));
    if (error !== undefined) expectFacts(error, file);
  });
});

test("a file that is not there, is a folder, or is no schema says so in the same way", async () => {
  const folder = temporaryFolder();
  expectFacts(await refusal(() => load(join(folder, "none.safetensors"))), "absent");
  expectFacts(await refusal(() => readTable(join(folder, "none.csv"))), "absent");
  expectFacts(await refusal(() => readTable(folder, { format: "csv" })), "a folder");
  expectFacts(await refusal(() => readSchema(join(root, "README.md"))), "no schema");
});

test("no error of a file is made of a text alone", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const texts = files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const source = readFileSync(join(root, "src", file), "utf8");
      return Array.from(source.matchAll(/new FormatError\(\s*["'`].*/g), ([text]) => `${file}: ${text}`);
    });
  expect(texts).toEqual([]);
});
