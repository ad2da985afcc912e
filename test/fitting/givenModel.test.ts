/** Training that starts at a model: imported or our own, with its structure, preparation, columns and values. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { realNVP } from "../../src/architectures/architecture.ts";
import { statisticalKinds } from "../../src/architectures/kinds.ts";
import { uniform } from "../../src/distributions/uniform/uniform.ts";
import { importModel } from "../../src/entries/exchange.ts";
import { AbortedError, DataError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import { flowOf } from "../../src/fitting/flowOf.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromColumns, tableFromRows } from "../../src/tables/table.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { curved, draw, meanOf, quick } from "./tables.ts";

const fixtures = join(import.meta.dirname, "../files/parity");
const imported = async (name: string, columns?: string[], given?: string[]): Promise<Flow> => {
  const { config } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) as { config: object };
  return await importModel(readFileSync(join(fixtures, `${name}.safetensors`)), config, { columns, given });
};

/** A few steps of a training. */
const short: FitOptions = { epochs: 6, threads: 1, seed: 1, learningRate: 0.01 };

const structureOf = ({ description }: Flow): unknown => {
  const { kind, columns, given, precision, base, bijection, preparation } = description;
  return { kind, columns, given, precision, base, bijection, preparation };
};

describe("an imported model", () => {
  // Three columns that depend on a fourth, in another order than the model's.
  const rows = draw(["b", "dose", "c", "a"], 120, 3, (stream) => {
    const dose = stream.normal();
    return [1 + 0.5 * stream.normal(), dose, 0.3 * stream.normal() - dose, dose + 0.5 * stream.normal()];
  });
  let model: Flow;
  beforeAll(async () => {
    model = await imported("zuko-NSF-1", ["a", "b", "c"], ["dose"]);
  });

  it("is trained on: held-out rows get more, by its own columns and structure, in float64", async () => {
    const { flow, report } = await fit(rows, { ...short, from: model });
    expect(report.validationLogProb).toBeGreaterThan(report.startLogProb! + 0.5);
    expect(structureOf(flow)).toEqual(structureOf(model));
    const { fitted } = flow.description;
    expect(fitted).toMatchObject({ imported: "zuko 1.6, NSF", rows: 120, epochs: 6 });
    expect(fitted.earlier).toBeUndefined();
    // What the report says of the start is what the model says of the same rows.
    const all = await fit(rows, { ...short, from: model, validation: 0, epochs: 1 });
    expect(all.report.startLogProb).toBeCloseTo(meanOf(await model.logProb(rows)), 9);
    // Also as a file holds it.
    const again = await load(flow.toBytes());
    expect([...(await again.logProb(rows))]).toEqual([...(await flow.logProb(rows))]);
  });

  it("gives the same bits for the same seed, of a flow as of the bytes of its file", async () => {
    const [first, second] = [
      await fit(rows, { ...short, from: model }),
      await fit(rows, { ...short, from: model.toBytes(), threads: 2 }),
    ];
    expect(second.flow.toBytes()).toEqual(first.flow.toBytes());
  });

  it("is the result as it was where no epoch does better", async () => {
    const { flow } = await fit(rows, { ...short, from: model, epochs: 40 });
    const { flow: after, report } = await fit(rows, { ...short, from: flow, epochs: 2, learningRate: 3 });
    expect(report.validationLogProb).toBe(report.startLogProb);
    expect(report.warnings.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^no epoch did better on the held-out rows than the model that training started/),
    );
    expect(after.model.values).toEqual(flow.model.values);
  });

  it("names the columns that a table lacks", async () => {
    // A column of the model is not what is meant by another.
    const lacking = tableFromColumns({ a: [1, 2, 3], b: [1, 2, 4], dose: [0, 1, 0] });
    await expect(fit(lacking, { from: model })).rejects.toThrow(
      /^fit: the table lacks the column c of the model; the columns are a, b, dose: /,
    );
    const other = tableFromColumns({ a: [1, 2, 3], b: [1, 2, 4], Dose: [0, 1, 0] });
    const error = await fit(other, { from: model }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(
      /^fit: the table lacks columns dose, c of the model \(did you mean "Dose"\?\); the columns are a, b, Dose/,
    );
  });
});

describe("a flow of our own", () => {
  const table = curved(80, 1);
  const further = curved(120, 2);
  let flow: Flow;
  beforeAll(async () => {
    ({ flow } = await fit(table, { ...quick, flow: "nsf-ar" }));
  });

  it("is trained on with further rows, and knows those of both trainings", async () => {
    const { flow: after, report } = await fit(further, { ...short, from: flow });
    expect(report.validationLogProb).toBeGreaterThan(report.startLogProb!);
    expect(structureOf(after)).toEqual(structureOf(flow));
    expect(after.description.fitted.earlier).toMatchObject([{ rows: 80, epochs: 4 }]);
    const again = await load(after.toBytes());
    expect([table, further, curved(80, 3)].map((rows) => again.wasFittedTo(rows))).toEqual([
      true,
      true,
      false,
    ]);
    // The preparation is that of the first rows.
    const preparationOf = ({ model }: Flow): unknown =>
      Object.entries(model.values).filter(([name]) => name.startsWith("preparation."));
    expect(preparationOf(after)).toEqual(preparationOf(flow));
  });

  it("goes on from a checkpoint with the same bits, and with no other start", async () => {
    const checkpoint = join(temporaryFolder(), "further.checkpoint");
    const options: FitOptions = { ...short, from: flow };
    const whole = await fit(further, options);
    const controller = new AbortController();
    const run = fit(further, {
      ...options,
      checkpoint,
      signal: controller.signal,
      onProgress: ({ epoch }) => epoch === 2 && controller.abort(),
    });
    await expect(run).rejects.toThrow(AbortedError);
    const resumed = await fit(further, { ...options, checkpoint, resume: true });
    expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
    const other = fit(further, { ...options, from: whole.flow, checkpoint, resume: true });
    await expect(other).rejects.toThrow("it belongs to a fit with other data, options or seed");
  });

  it.each([
    [{ flow: "maf" }, "flow"],
    [{ columns: ["mass", "gap"] }, "columns"],
    [{ given: ["mass"] }, "given"],
    [{ transforms: 3 }, "transforms"],
    [{ hidden: [4] }, "hidden"],
    [{ simplex: ["mass", "gap"] }, "simplex"],
  ] as const)("keeps its structure: %o is refused", async (own, name) => {
    const error = await fit(further, { ...short, ...own, from: flow } as FitOptions).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(new RegExp(`^fit: ${name} is the model's own: `));
  });

  it.each([
    [{ components: 3 }, /^fit: components means nothing for an architecture/],
    [{ from: 3 }, /^fit: from must be a flow, or the path or bytes of a model file, got 3/],
    [{ from: "no such file.safetensors" }, /no such file/],
  ] as const)("refuses %o", async (own, message) => {
    await expect(fit(further, { ...short, from: flow, ...(own as object) })).rejects.toThrow(message);
  });
});

const models = join(import.meta.dirname, "../files/models");
const rowsFor = async (flow: Flow, n: number): Promise<Table> => {
  const stream = new RandomStream(randomKey(5));
  const given = Object.fromEntries(
    flow.given.map((name) => [name, Array.from({ length: n }, () => stream.normal())]),
  );
  return await flow.sample(n, { seed: 2, given });
};

test.each(["columns", "nsf-ar-spread", ...statisticalKinds])(
  "the model %s is refused, with what to do",
  async (name) => {
    const from = join(models, `${name}.safetensors`);
    const table = await rowsFor(await load(from), 20);
    await expect(fit(table, { from })).rejects.toThrow(
      /^fit: a model of kind \S+ (is fitted without gradients|has tables of levels|was fitted before version 0\.2).*; fit it anew to all rows/,
    );
  },
);

test.each([
  ["cnf", false],
  ["flow-matching", false],
  ["residual", true],
  ["nsf-ar-given", true],
] as const)("a file of %s is trained on by the training of its kind", async (name, hasLogProb) => {
  const from = join(models, `${name}.safetensors`);
  const flow = await load(from);
  const options: FitOptions = { epochs: 2, threads: 1, learningRate: 0.01, from };
  const { flow: after, report } = await fit(await rowsFor(flow, 40), options);
  expect(structureOf(after)).toEqual(structureOf(flow));
  expect(report.validationLogProb).toBeGreaterThanOrEqual(report.startLogProb!);
  // Of the first two the loss is not a log-density.
  expect(report.history.map(({ trainLogProb }) => Number.isFinite(trainLogProb))).toEqual([
    hasLogProb,
    hasLogProb,
  ]);
});

test("rows where the model has no density are an error that shows one", async () => {
  const base = uniform({ lower: [-5, -5], upper: [5, 5] });
  const architecture = realNVP({ features: 2, transforms: 1, hidden: [4], base });
  const { bijection } = architecture;
  const values = initialValues({ base: base.parameters, bijection: bijection.parameters }, randomKey(1));
  const from = await flowOf(architecture, values, { columns: ["a", "b"] });
  const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(5 * i), Math.cos(3 * i)]);
  rows[7] = [12, 0.5];
  await expect(fit(tableFromRows(["a", "b"], rows), { ...short, from })).rejects.toThrow(
    /^fit: 1 of \d+ rows has no density under the model, such as a 12, b 0.5; leave them out/,
  );
});

test("a flow of shares is trained on in its log-ratios, and shares of another total are refused", async () => {
  const shares = (total: number, seed: number) =>
    draw(["sand", "silt", "clay"], 60, seed, (stream) => {
      const parts = [0, 1, 2].map(() => Math.exp(0.5 * stream.normal()));
      const sum = parts.reduce((a, b) => a + b);
      return parts.map((part) => (total * part) / sum);
    });
  const { flow } = await fit(shares(1, 1), { ...quick, simplex: ["sand", "silt", "clay"] });
  const { flow: after, report } = await fit(shares(1, 2), { ...short, from: flow });
  expect(structureOf(after)).toEqual(structureOf(flow));
  expect(report.startLogProb).toBeLessThanOrEqual(report.validationLogProb);
  const start = await fit(shares(1, 2), { ...short, epochs: 1, validation: 0, from: flow });
  expect(start.report.startLogProb).toBeCloseTo(meanOf(await flow.logProb(shares(1, 2))), 4);
  await expect(fit(shares(100, 2), { from: flow })).rejects.toThrow(
    "the shares sum to 100, those of the model to 1",
  );
});
