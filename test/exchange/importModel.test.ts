/**
 * Models of Python libraries, imported: what the libraries computed is in test/files/parity, which parity/make.py has written.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { importModel } from "../../src/entries/exchange.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { type Flow, load } from "../../src/index.ts";

const folder = join(import.meta.dirname, "../files/parity");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(/\.json$/, ""));

interface Example {
  readonly config: { readonly class: string; readonly arguments: Readonly<Record<string, unknown>> };
  readonly rows: number[][];
  readonly given: number[][] | null;
  readonly points: number[][];
  readonly logProb: number[];
  readonly toBase: number[][] | null;
  readonly toData: number[][] | null;
}

const bytesOf = (name: string): Uint8Array => readFileSync(join(folder, `${name}.safetensors`));
const exampleOf = (name: string): Example =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Example;
const conditions = (flow: Flow, given: number[][] | null): { given?: Record<string, number[]> } =>
  given
    ? { given: Object.fromEntries(flow.given.map((name, i) => [name, given.map((row) => row[i]!)])) }
    : {};

/** Each value, within a share of max(1, its size). */
function expectClose(values: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(values.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(values[i]! - value) / Math.max(1, Math.abs(value)), `element ${i}`).toBeLessThan(
      tolerance,
    );
  });
}

describe.each(names)("%s", (name) => {
  const { config, rows, given, points, logProb, toBase, toData } = exampleOf(name);

  it("has the log-densities, base points and rows of the library, also when it was saved and loaded", async () => {
    const flow = await importModel(bytesOf(name), config);
    const how = conditions(flow, given);
    // A continuous flow is solved to a tolerance, of ours and of the library.
    const exact = name.startsWith("zuko-CNF") ? 1e-6 : 1e-9;
    expectClose(await flow.logProb(rows, how), logProb, exact);
    if (toBase) expectClose(await flow.toBase(rows, how), toBase.flat(), exact);
    // zuko finds the roots of these by bisection, to 1e-6; bins of a linear spline of nflows have ends in float32.
    const tolerance = /zuko-(BPF|GF|SOSPF|U?NAF|CNF)|nflows-Linear/.test(name) ? 1e-5 : 1e-9;
    if (toData) expectClose(await flow.toData(points, how), toData.flat(), tolerance);
    const again = await load(flow.toBytes());
    expect([...(await again.logProb(rows, how))]).toEqual([...(await flow.logProb(rows, how))]);
  });

  // One model of each class is enough for rounding.
  it.runIf(name.endsWith("-2"))("is within 0.0001 a feature in float32", async () => {
    const flow = await importModel(bytesOf(name), config, { precision: "float32" });
    expectClose(await flow.logProb(rows, conditions(flow, given)), logProb, 1e-4 * rows[0]!.length);
  });
});

const nsf = names.find((name) => name.startsWith("zuko-NSF"))!;
const { config: call } = exampleOf(nsf);
const withArguments = (changes: Record<string, unknown>): object => ({
  ...call,
  arguments: { ...call.arguments, ...changes },
});

test("an imported flow draws samples, says where it comes from, and has the names that it is given", async () => {
  const columns = ["a", "b", "c"];
  const flow = await importModel(
    bytesOf(nsf),
    { ...call, class: "NSF" },
    { from: "zuko", columns, given: ["dose"] },
  );
  expect([flow.columns, flow.given]).toEqual([columns, ["dose"]]);
  expect(flow.description.precision).toBe("float64");
  expect(flow.facts["fit: imported"]).toBe("zuko 1.6, NSF");
  const { table, logProb } = await flow.sampleWithLogProb(5, { seed: 1, given: { dose: 0.5 } });
  expectClose(await flow.logProb(table), [...logProb], 1e-9);
});

test("an imported flow of angles says so, and draws them in one turn", async () => {
  const ncsf = names.find((name) => name.startsWith("zuko-NCSF"))!;
  const { config, given } = exampleOf(ncsf);
  const flow = await importModel(bytesOf(ncsf), config);
  const angle = { kind: "angle", use: "fit", lower: -Math.PI, period: 2 * Math.PI };
  const { columns } = flow.description.schema!;
  expect(columns.slice(flow.given.length)).toEqual(flow.columns.map((name) => ({ name, ...angle })));
  const [condition] = given ?? [];
  const how = condition
    ? { given: Object.fromEntries(flow.given.map((name, i) => [name, condition[i]!])) }
    : {};
  const drawn = await flow.sample(50, { seed: 2, ...how });
  expect(drawn.values.every((x) => x >= -Math.PI && x < Math.PI)).toBe(true);
});

test("a gate of several features, whose log-determinant there counts it once, is refused", async () => {
  const gate = {
    class: "nflows.flows.base.Flow",
    arguments: {
      transform: "nflows.transforms.GatedLinearUnit",
      distribution: { class: "nflows.distributions.StandardNormal", arguments: { shape: [2] } },
    },
  };
  await expect(importModel(bytesOf(nsf), gate)).rejects.toThrow(
    /GatedLinearUnit\) is not imported for 2 features: it counts the logarithm of its gate once/,
  );
});

test("a model whose base has numbers that its map does not take is refused before there is a file of it", async () => {
  const squashed = {
    class: "nflows.flows.base.Flow",
    arguments: {
      transform: "nflows.transforms.Sigmoid",
      distribution: { class: "nflows.distributions.StandardNormal", arguments: { shape: [2] } },
    },
  };
  const nothing = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 123, 125);
  await expect(importModel(nothing, squashed)).rejects.toThrow(
    /^importModel: what comes before .* must be a map to numbers from 0 to 1, got the base standardNormal/,
  );
});

test.each([
  [
    "an argument that the class does not have",
    withArguments({ binz: 3 }),
    "PUSHFORWARD_USAGE",
    /config \(NSF\): there is no argument "binz", did you mean bins\?/,
  ],
  [
    "an argument of another type",
    withArguments({ bins: "3" }),
    "PUSHFORWARD_USAGE",
    /bins must be a whole number from 1 on, got "3"/,
  ],
  [
    "another number of bins",
    withArguments({ bins: 4 }),
    "PUSHFORWARD_FORMAT",
    /the tensor "transform\.transforms\.0\.hyper\.\d\.mask" of the state dict has the shape/,
  ],
  [
    "more transforms",
    withArguments({ transforms: 2 }),
    "PUSHFORWARD_FORMAT",
    /has no tensor "transform\.transforms\.1\.order"/,
  ],
  [
    "a class that is not imported",
    { ...call, class: "zuko.flows.NFS" },
    "PUSHFORWARD_USAGE",
    /config is zuko\.flows\.NFS, which is not imported, did you mean NSF\?/,
  ],
  [
    "a class of another library",
    { ...call, class: "other.NSF" },
    "PUSHFORWARD_USAGE",
    /does not begin with the name of a library that is imported/,
  ],
  [
    "an activation that has no counterpart",
    withArguments({ activation: "torch.nn.PReLU" }),
    "PUSHFORWARD_USAGE",
    /config\.arguments\.activation is torch\.nn\.PReLU, which is not imported/,
  ],
])("%s is an error that names it", async (_, config, code, message) => {
  const failed = await importModel(bytesOf(nsf), config).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
});

test("a tensor that nothing uses, one that is not finite, and a mask that does not follow are errors that name them", async () => {
  const { tensors } = readSafetensors(bytesOf(nsf));
  const failure = async (
    name: string,
    change: (data: Float32Array) => ArrayLike<number>,
  ): Promise<string> => {
    const changed = new Map(tensors);
    const { shape, data } = tensors.get(name) ?? { shape: [1], data: new Float32Array(1) };
    changed.set(name, {
      dtype: "F32",
      shape,
      data: Float32Array.from(change(Float32Array.from(data as Float32Array))),
    });
    return await importModel(writeSafetensors(changed), call).then(
      () => "none",
      (error: Error) => error.message,
    );
  };
  expect(await failure("more.weight", (data) => data)).toMatch(
    /holds the tensor "more\.weight", which nothing/,
  );
  expect(await failure("base.loc", (data) => data.fill(Number.NaN))).toMatch(/"base\.loc" .* not finite/);
  const mask = "transform.transforms.0.hyper.0.mask";
  expect(await failure(mask, (data) => data.map((value) => 1 - value))).toMatch(
    new RegExp(`"${mask}" .* is not the mask`),
  );
});
