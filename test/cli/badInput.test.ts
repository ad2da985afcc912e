import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { expectFailure, quickFlags, sampleCsv, writeFiles } from "./runCli.ts";
import { runInProcess } from "./runInProcess.ts";

const cwd = temporaryFolder();

function randomBytes(count: number, seed: number): Uint8Array {
  const stream = new RandomStream(randomKey(seed));
  return Uint8Array.from({ length: count }, () => stream.nextUint32() & 255);
}

/** Twenty rows of x and y, with one line replaced or some added. */
function withLine(line: string, place: number = 5): string {
  const lines = sampleCsv(20)
    .trimEnd()
    .split("\n")
    .map((each) => each.split(",").slice(0, 2).join(","));
  lines.splice(place, 1, line);
  return `${lines.join("\n")}\n`;
}

const constantColumn = withLine("1,2", 5)
  .split("\n")
  .map((line, row) => (line === "" ? line : row === 0 ? "x,y" : `${line.split(",")[0]},7`))
  .join("\n");

const badTables: readonly (readonly [name: string, content: string | Uint8Array, message: RegExp])[] = [
  ["empty.csv", "", /empty\.csv.*empty/],
  ["header.csv", "x,y\n", /header\.csv.*row/],
  ["two.csv", "x,y\n1,2\n3,5\n", /2 usable rows.*at least 10/],
  ["text.csv", withLine("oops,2"), /column "x" \(row 5\): "oops" is not a number/],
  ["ragged.csv", withLine("1,2,3"), /row 5/],
  ["nan.csv", withLine("NaN,2"), /column "x" \(row 5\).*missing/],
  ["missing.csv", withLine(",2"), /column "x" \(row 5\).*missing.*--missing drop/],
  ["infinite.csv", withLine("1,inf"), /column "y" \(row 5\).*Infinity/],
  ["constant.csv", constantColumn, /column "y" is constant/],
  ["twice.csv", "x,x\n1,2\n", /columns 1 and 2 have the same name "x"/],
  ...["csv", "tsv", "jsonl", "npy", "parquet", "csv.gz"].map(
    (extension, seed) => [`random.${extension}`, randomBytes(4000, seed), /random\./] as const,
  ),
];

const oldModel = "what was there before";

describe("data that cannot be fitted", () => {
  beforeAll(() => {
    writeFiles(cwd, Object.fromEntries(badTables.map(([name, content]) => [name, content])));
    writeFiles(cwd, { "old.safetensors": oldModel });
  });

  it.each(badTables)("is named in one line, the old model kept: %s", async (name, _, message) => {
    const run = await runInProcess(["fit", name, "--out", "old.safetensors", ...quickFlags], { cwd });
    expectFailure(run, 1, message);
    expect(readFileSync(join(cwd, "old.safetensors"), "utf8")).toBe(oldModel);
  });

  it("may be absent", async () => {
    const run = await runInProcess("fit absent.csv --out old.safetensors".split(" "), { cwd });
    expectFailure(run, 1, /^cannot read "absent\.csv": there is no such file/);
  });

  it("is not read where the output's folder does not exist", async () => {
    const run = await runInProcess("fit absent.csv --out nowhere/m.safetensors".split(" "), { cwd });
    expectFailure(run, 1, /^--out: there is no folder "nowhere"; create it first/);
  });

  it("leaves no temporary file", () => {
    expect(readdirSync(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

/** The model's bytes with the JSON header changed. */
function withHeader(model: Uint8Array, change: (header: string) => string): Uint8Array {
  const size = Number(new DataView(model.buffer, model.byteOffset).getBigUint64(0, true));
  const text = change(new TextDecoder().decode(model.subarray(8, 8 + size)).trimEnd());
  // Padded with spaces, as the format asks, so that the tensors stay aligned.
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const changed = new Uint8Array(8 + header.length + model.length - 8 - size);
  new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
  changed.set(header, 8);
  changed.set(model.subarray(8 + size), 8 + header.length);
  return changed;
}

function withClaimedSize(model: Uint8Array, size: bigint): Uint8Array {
  const changed = model.slice();
  new DataView(changed.buffer).setBigUint64(0, size, true);
  return changed;
}

describe("a model that cannot be used", () => {
  const models: readonly (readonly [
    name: string,
    make: (model: Uint8Array) => Uint8Array,
    message: RegExp,
  ])[] = [
    ["truncated", (model) => model.subarray(0, model.length - 10), /truncated\.safetensors/],
    ["stub", (model) => model.subarray(0, 6), /stub\.safetensors/],
    ["longer", (model) => new Uint8Array([...model, 0, 0, 0, 0]), /longer\.safetensors/],
    [
      "corrupt",
      (model) => withHeader(model, (text) => text.replace('"dtype"', '"dtipe"')),
      /corrupt\.safetensors/,
    ],
    ["random", () => randomBytes(5000, 77), /random\.safetensors/],
    ["huge", (model) => withClaimedSize(model, 2n ** 63n), /huge\.safetensors/],
    [
      "newer",
      (model) => withHeader(model, (text) => text.replace(/("format_version":")\d+"/, '$1999"')),
      /newer\.safetensors.*(newer|999)/,
    ],
  ];

  beforeAll(async () => {
    writeFiles(cwd, {
      "good.csv": sampleCsv(200),
      "other.csv": "a,b\n1,2\n",
      "old.csv": oldModel,
      "old.svg": oldModel,
    });
    const run = await runInProcess(["fit", "good.csv", "--out", "good.safetensors", ...quickFlags], { cwd });
    expect(run.stderr).not.toMatch(/error/);
    expect(run.code).toBe(0);
    const good = new Uint8Array(readFileSync(join(cwd, "good.safetensors")));
    writeFiles(cwd, Object.fromEntries(models.map(([name, make]) => [`${name}.safetensors`, make(good)])));
  });

  it.each(models)("is refused by every command: %s", async (name, _, message) => {
    const model = `${name}.safetensors`;
    const calls = [
      ["logprob", model, "good.csv", "--out", "old.csv"],
      ["sample", model, "-n", "10", "--out", "old.csv"],
      ["inspect", model],
      ["plot", model, "--out", "old.svg"],
    ];
    for (const call of calls) expectFailure(await runInProcess(call, { cwd }), 1, message);
    expect(readFileSync(join(cwd, "old.csv"), "utf8")).toBe(oldModel);
    expect(readFileSync(join(cwd, "old.svg"), "utf8")).toBe(oldModel);
  });

  it("may be absent", async () => {
    const run = await runInProcess("inspect absent.safetensors".split(" "), { cwd });
    expectFailure(run, 1, /^cannot read "absent\.safetensors": there is no such file/);
  });

  it("may be a table given in its place", async () => {
    expectFailure(await runInProcess("inspect good.csv".split(" "), { cwd }), 1, /good\.csv/);
  });

  it("needs data with its columns", async () => {
    const run = await runInProcess("logprob good.safetensors other.csv --out old.csv".split(" "), { cwd });
    expectFailure(run, 1, /no column "x".*the columns are: a, b/);
    expect(readFileSync(join(cwd, "old.csv"), "utf8")).toBe(oldModel);
  });

  it("takes no condition that it was not fitted with", async () => {
    const run = await runInProcess("sample good.safetensors -n 10 --given c=1".split(" "), { cwd });
    expectFailure(run, 2, /^--given sets "c", but the model has no conditioning columns/);
  });
});
