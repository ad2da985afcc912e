import { afterAll, describe, expect, test } from "vitest";
import { type DensityColumn, isContinuous } from "../../../src/models/columns/column.ts";
import { columnsDensity } from "../../../src/models/columns/columnsDensity.ts";
import { ColumnsEvaluation } from "../../../src/models/columns/columnsModel.ts";
import { contributionsOfRows } from "../../../src/models/columns/contributions.ts";
import { product, someDensity } from "./models.ts";

const threads = 1;
const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

const missing: DensityColumn = { name: "flag", kind: "boolean", missing: true };
const levels: DensityColumn = { name: "level", kind: "categorical", levels: 3 };

/** Discrete columns of every kind with all cells that they can have. */
const discrete: readonly (readonly [DensityColumn, readonly number[]])[] = [
  [missing, [Number.NaN, 0, 1]],
  [levels, [0, 1, 2]],
  [{ name: "rank", kind: "ordinal", levels: 3, missing: true }, [Number.NaN, 0, 1, 2]],
  [{ name: "count", kind: "integer", lower: 0, upper: 2, atoms: [0] }, [0, 1, 2]],
  [
    { name: "share", kind: "interval", lower: 0, upper: 1, step: 0.5, missing: true },
    [Number.NaN, 0, 0.5, 1],
  ],
  [
    { name: "day", kind: "date-time", step: 864e5, lower: 0, upper: 2 * 864e5 },
    [0, 1, 2].map((day) => day * 864e5),
  ],
  [{ name: "hour", kind: "angle", period: 24, step: 6, missing: true }, [Number.NaN, 0, 6, 12, 18]],
];

describe("the masses of all rows of discrete columns add up to 1", () => {
  const columns = discrete.map(([column]) => column);
  const cells = product(discrete.map(([, own]) => own));
  test.each([
    { order: [0, 1, 2, 3, 4, 5, 6], members: 1 },
    { order: [6, 3, 5, 0, 2, 1, 4], members: 3 },
  ])("in the order $order, of $members members", async ({ order, members }) => {
    const evaluation = someDensity(columns, { order, members });
    const { logProb } = await contributionsOfRows(evaluation, cells, { threads });
    evaluation.dispose();
    expect(Math.abs(sumOf(logProb.map(Math.exp)) - 1)).toBeLessThan(1e-9);
  });
});

/** Continuous columns, and where their values are. */
const continuous: readonly DensityColumn[] = [
  { name: "x", kind: "continuous" },
  { name: "x", kind: "continuous", atoms: [0, 1.5], missing: true },
  { name: "x", kind: "continuous", upper: 3 },
  { name: "x", kind: "positive", atoms: [0] },
  { name: "x", kind: "interval", lower: -1, upper: 2, atoms: [-1, 2] },
  { name: "x", kind: "angle", period: 1, missing: true },
];

/** Nodes from one end of what a column can have to the other, dense where values are. */
function nodes({ kind, lower, upper, period = 360 }: DensityColumn, count: number): Float64Array {
  return Float64Array.from({ length: count + 1 }, (_, i) => {
    const share = i / count;
    if (kind === "angle") return period * share;
    const t = 2 * share - 1;
    if (kind === "interval") return lower! + (upper! - lower!) / (1 + Math.exp(-45 * t));
    if (kind === "positive") return Math.exp(60 * t);
    if (upper !== undefined) return upper - Math.exp(-60 * t);
    return 0.01 + Math.sinh(40 * t);
  });
}

describe.each(continuous)("the density of $kind, upper $upper, atoms $atoms, missing $missing", (column) => {
  test.each([
    { order: [0, 1], members: 2 },
    { order: [1, 0], members: 1 },
  ])("integrates to 1 in the order $order, of $members members", async ({ order, members }) => {
    const evaluation = someDensity([column, missing], { order, members, scale: 0.2 });
    const flags = [Number.NaN, 0, 1];
    const alone = [...(column.atoms ?? []), ...(column.missing ? [Number.NaN] : [])];
    let total = 0;
    if (alone.length > 0) {
      const { logProb } = await contributionsOfRows(evaluation, product([alone, flags]), { threads });
      total += sumOf(logProb.map(Math.exp));
    }
    const count = 8000;
    const points = nodes(column, count);
    const inner = points.filter(
      (x) => column.kind !== "interval" || (x > column.lower! && x < column.upper!),
    );
    const { logProb } = await contributionsOfRows(evaluation, product([inner, flags]), { threads });
    evaluation.dispose();
    const density = inner.map((_, i) => [0, 1, 2].reduce((sum, k) => sum + Math.exp(logProb[3 * i + k]!), 0));
    const trapezoid = (stride: number): number => {
      let sum = 0;
      for (let i = stride; i < inner.length; i += stride)
        sum += 0.5 * (density[i]! + density[i - stride]!) * (inner[i]! - inner[i - stride]!);
      return sum;
    };
    // Richardson: the error of the rule falls with the square of the distance of the nodes.
    const [fine, coarse] = [trapezoid(1), trapezoid(2)];
    expect(Math.abs(total + fine + (fine - coarse) / 3 - 1)).toBeLessThan(1e-6);
  });
});

test("masses of integers without bounds add up to 1, and stay finite however far out", async () => {
  const evaluation = someDensity([{ name: "n", kind: "integer" }, missing]);
  const places = Float64Array.from({ length: 8001 }, (_, i) => i - 4000);
  const { logProb } = await contributionsOfRows(evaluation, product([places, [Number.NaN, 0, 1]]), {
    threads,
  });
  expect(Math.abs(sumOf(logProb.map(Math.exp)) - 1)).toBeLessThan(1e-6);
  const far = await contributionsOfRows(evaluation, [
    Float64Array.of(1e6, -1e9, 1e15, -1e300),
    new Float64Array(4),
  ]);
  evaluation.dispose();
  expect(far.logProb.every((value) => Number.isFinite(value) && value < -20)).toBe(true);
  expect(far.logProb[1]).toBeLessThan(far.logProb[0]!);
});

describe.each([1, 3])("one density of columns of all kinds, of %i members", (members) => {
  const columns: DensityColumn[] = [
    ...discrete.map(([column]) => column),
    ...continuous.map((column, i) => ({ ...column, name: `x${i}` })),
  ];
  const order = columns.map((_, i) => (5 * i + 6) % columns.length);
  const evaluation = someDensity(columns, { order, members, scale: 0.4 });
  afterAll(() => evaluation.dispose());
  const cells = columns.map((column, i) => {
    const own = discrete[i]?.[1] ?? [0.3, column.atoms?.[0] ?? 0.7, column.missing ? Number.NaN : 0.1];
    return Float64Array.from({ length: 60 }, (_, row) => own[(row * (i + 3) + (row >> 2)) % own.length]!);
  });

  test("is the sum of its contributions", async () => {
    const { outcomes, values, logProb } = await contributionsOfRows(evaluation, cells, { threads });
    expect(logProb.every(Number.isFinite)).toBe(true);
    const width = columns.length;
    logProb.forEach((total, row) => {
      const parts = [outcomes, values].map((own) => sumOf(own.subarray(row * width, (row + 1) * width)));
      expect(total).toBeCloseTo(parts[0]! + parts[1]!, 10);
    });
  });

  test("is the same on every engine, and read back from its description", async () => {
    const exact = await contributionsOfRows(evaluation, cells, { engine: "reference" });
    const { logProb } = await contributionsOfRows(evaluation, cells, { threads });
    const single = await contributionsOfRows(evaluation, cells, { precision: "float32", threads });
    const { density, values } = evaluation.model;
    const read = new ColumnsEvaluation({
      density: columnsDensity(JSON.parse(JSON.stringify(density.options))),
      values,
      precision: "float64",
    });
    const again = await contributionsOfRows(read, cells, { threads });
    read.dispose();
    expect(again.logProb).toEqual(logProb);
    exact.logProb.forEach((value, row) => {
      expect(Math.abs(logProb[row]! - value)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
      expect(Math.abs(single.logProb[row]! - value)).toBeLessThan(2e-3);
    });
  });

  test("gives what cannot be no density", async () => {
    const strange: readonly (readonly [name: string, cell: number])[] = [
      ["level", 3],
      ["level", 0.5],
      ["rank", -1],
      ["count", 3],
      ["count", 1.5],
      ["share", 0.1],
      ["day", -864e5],
      ["hour", 1],
      ["x2", 3],
      ["x3", -0.5],
      ["x4", 2.5],
      ["x0", Number.POSITIVE_INFINITY],
    ];
    const impossible = cells.map((own, i) =>
      Float64Array.from(strange, ([name, cell]) => (columns[i]!.name === name ? cell : own[7]!)),
    );
    const { logProb, values } = await contributionsOfRows(evaluation, impossible, { threads });
    expect(Array.from(logProb)).toEqual(strange.map(() => Number.NEGATIVE_INFINITY));
    expect(values.some(Number.isNaN)).toBe(false);
  });

  test("sums out what is missing behind the last observed column, and refuses to elsewhere", async () => {
    const never = order.filter((i) => !columns[i]!.missing);
    const last = order[order.length - 1]!;
    expect(isContinuous(columns[last]!)).toBe(false);
    expect(columns[last]!.missing).toBeUndefined();
    const row = cells.map((own) => own.slice(3, 4));
    const all = discrete[last]![1];
    const rows = row.map((own, i) =>
      i === last ? Float64Array.from(all) : new Float64Array(all.length).fill(own[0]!),
    );
    const without = row.map((own, i) => (i === last ? Float64Array.of(Number.NaN) : own));
    const { logProb } = await contributionsOfRows(evaluation, rows, { threads });
    const marginal = await contributionsOfRows(evaluation, without, { threads });
    expect(Math.abs(Math.log(sumOf(logProb.map(Math.exp))) - marginal.logProb[0]!)).toBeLessThan(1e-9);
    const hole = row.map((own, i) => (i === never[0] ? Float64Array.of(Number.NaN) : own));
    await expect(contributionsOfRows(evaluation, hole, { threads })).rejects.toThrow(
      /comes after it in the model's order/,
    );
  });
});
