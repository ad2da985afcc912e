/** Gaussian, mixture and kernel density as flows. */

import { beforeAll, describe, expect, it } from "vitest";
import type { ModelKind } from "../../src/architectures/kinds.ts";
import { isTrained, modelKinds } from "../../src/architectures/kinds.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import type { FitResult } from "../../src/fitting/fitReport.ts";

import { mostPoints } from "../../src/fitting/statistics/fitKernelDensity.ts";

import { chooseGaussianMixture } from "../../src/fitting/statistics/gaussianMixture.ts";
import { modelFromBytes } from "../../src/models/files/modelFile.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { column, type Table, tableFromRows } from "../../src/tables/table.ts";
import { draw, meanOf, momentsOf } from "./tables.ts";

const kinds: readonly ModelKind[] = ["gaussian", "mixture", "kde"];
const one = { threads: 1, seed: 1 } as const;

/** Two clusters of 3 to 1, slanted, in units that differ by many powers of ten. */
const row = (stream: RandomStream): number[] => {
  const right = stream.uniform() < 0.25;
  const [a, b] = [stream.normal(), stream.normal()];
  return right ? [1e6 + 8000 + 500 * a, 0.01 * (-4 + b)] : [1e6 + 1000 * a, 0.01 * (0.8 * a + 0.6 * b)];
};
const clusters = (rows: number, seed: number): Table => draw(["time", "gap"], rows, seed, row);
const table = clusters(450, 1);

const normal = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
const truth = ([time, gap]: readonly number[]): number => {
  const [x, y] = [(time! - 1e6) / 1000, gap! / 0.01];
  const left = (normal(x) * normal((y - 0.8 * x) / 0.6)) / 0.6;
  const right = (normal((x - 8) / 0.5) * normal(y + 4)) / 0.5;
  return Math.log(0.75 * left + 0.25 * right) - Math.log(1000 * 0.01);
};
const rowsOf = ({ values, columns: { length } }: Table): number[][] =>
  Array.from({ length: values.length / length }, (_, i) => [
    ...values.subarray(i * length, (i + 1) * length),
  ]);

/** The integral of a density by the midpoint rule on a box: with the sides below it misses 1e-13 at most. */
async function integral(flow: Flow, boxes: readonly (readonly [from: number, to: number])[], side: number) {
  const rows = new Float64Array(side ** boxes.length * boxes.length);
  for (let at = 0; at < rows.length; at++) {
    const [cell, axis] = [Math.floor(at / boxes.length), at % boxes.length];
    const [from, to] = boxes[axis]!;
    rows[at] = from + (((Math.floor(cell / side ** axis) % side) + 0.5) / side) * (to - from);
  }
  const density = await flow.logProb(rows, { threads: 1 });
  const volume = boxes.reduce((product, [from, to]) => product * ((to - from) / side), 1);
  return density.reduce((sum, value) => sum + Math.exp(value), 0) * volume;
}

describe.each(kinds)("%s", (flow) => {
  let fitted: FitResult;
  /** Of all rows, none held out. */
  let ofAll: Flow;
  beforeAll(async () => {
    fitted = await fit(table, { ...one, flow });
    ofAll = (await fit(table, { ...one, flow, validation: 0 })).flow;
  });

  it("saves and loads to the same scores, samples and bytes; the engines agree", async () => {
    const bytes = fitted.flow.toBytes();
    const copy = await load(bytes);
    expect(copy.toBytes()).toEqual(bytes);
    expect(copy.description.kind).toBe(flow);
    const own = await fitted.flow.logProb(table, one);
    expect(await copy.logProb(table, one)).toEqual(own);
    expect((await copy.sample(50, one)).values).toEqual((await fitted.flow.sample(50, one)).values);
    const reference = await copy.logProb(rowsOf(table).slice(0, 100), { engine: "reference" });
    const single = await copy.logProb(table, { ...one, precision: "float32" });
    reference.forEach((value, i) => {
      expect(Math.abs(own[i]! - value)).toBeLessThan(1e-10 * (1 + Math.abs(value)));
      expect(Math.abs(single[i]! - value)).toBeLessThan(2e-4 * (1 + Math.abs(value)));
    });
  });

  it("is the same for the same seed, whatever the threads, and holds out other rows for another", async () => {
    const bytes = async (options: object): Promise<Uint8Array> =>
      (await fit(table, { flow, ...options })).flow.toBytes();
    const first = await bytes({ seed: 4, threads: 1 });
    expect(await bytes({ seed: 4, threads: 2 })).toEqual(first);
    expect(await bytes({ seed: 5, threads: 1 })).not.toEqual(first);
  });

  it("integrates to 1 in one dimension and in two", async () => {
    const single = (await fit(table, { ...one, flow, columns: ["gap"] })).flow;
    expect(Math.abs((await integral(single, [[-0.2, 0.2]], 500)) - 1)).toBeLessThan(1e-6);
    const boxes = [
      [1e6 - 3e4, 1e6 + 3e4],
      [-0.2, 0.2],
    ] as const;
    expect(Math.abs((await integral(fitted.flow, boxes, 240)) - 1)).toBeLessThan(1e-6);
  });

  it("draws samples with the moments and the shares of the data, row by row from the seed", async () => {
    const drawn = await ofAll.sample(20_000, { ...one, seed: 3 });
    const [own, data] = [momentsOf(drawn), momentsOf(table)];
    for (const i of [0, 1]) {
      expect(Math.abs(own.mean[i]! - data.mean[i]!)).toBeLessThan(0.03 * data.deviation[i]!);
      // A kernel widens what it is put on.
      expect(own.deviation[i]! / data.deviation[i]!).toBeGreaterThan(0.97);
      expect(own.deviation[i]! / data.deviation[i]!).toBeLessThan(flow === "kde" ? 1.06 : 1.03);
    }
    if (flow !== "gaussian") {
      const share = (of: Table): number => meanOf(column(of, "time").map((x) => (x > 1e6 + 5000 ? 1 : 0)));
      expect(Math.abs(share(drawn) - share(table))).toBeLessThan(0.015);
    }
    expect((await ofAll.sample(10, { ...one, seed: 3 })).values).toEqual(drawn.values.slice(0, 20));
  });

  it("scores fresh rows as its training rows, and no better than the truth", async () => {
    const { flow: ofMany, report } = await fit(clusters(1500, 1), { ...one, flow });
    const fresh = clusters(2000, 2);
    const score = meanOf(await ofMany.logProb(fresh, one));
    const gap = meanOf(rowsOf(fresh).map(truth)) - score;
    expect(gap).toBeGreaterThan(-0.005);
    expect(gap).toBeLessThan({ gaussian: 2, mixture: 0.02, kde: 0.12 }[flow as string]!);
    if (flow === "gaussian") expect(gap).toBeGreaterThan(0.5);
    expect(Math.abs(score - report.validationLogProb)).toBeLessThan(0.15);
  });

  it("counts a row of weight 3 as three rows, in whatever unit, and one of weight 0 as none", async () => {
    const weigh = (scale: number, zeros: number): Table =>
      tableFromRows(
        ["time", "gap", "w"],
        [
          ...rowsOf(table).map(([time, gap]) => [time!, gap!, scale * (time! > 1e6 + 5000 ? 3 : 1)]),
          ...Array.from({ length: zeros }, () => [1e9, 1e9, 0]),
        ],
      );
    const options = { ...one, flow, weights: "w", validation: 0 };
    const weighted = (await fit(weigh(1, 0), options)).flow;
    expect((await fit(weigh(4, 0), options)).flow.toBytes()).toEqual(weighted.toBytes());
    const zeros = await (await fit(weigh(1, 5), options)).flow.logProb(table, one);
    const repeated = (
      await fit(
        tableFromRows(
          ["time", "gap"],
          rowsOf(table).flatMap((own) => Array.from({ length: own[0]! > 1e6 + 5000 ? 3 : 1 }, () => own)),
        ),
        { ...one, flow, validation: 0 },
      )
    ).flow;
    const [a, b] = [await weighted.logProb(table, one), await repeated.logProb(table, one)];
    const plain = await ofAll.logProb(table, one);
    // EM starts elsewhere; a kernel density judges its bandwidth with copies of a row left in.
    const most = { gaussian: 1e-6, mixture: 0.2, kde: 0.6 }[flow as string]!;
    const gap = (x: Float64Array, y: Float64Array): number =>
      meanOf(x.map((value, i) => Math.abs(value - y[i]!)));
    expect(gap(a, b)).toBeLessThan(most);
    expect(gap(a, zeros)).toBeLessThan(most);
    if (flow === "gaussian") expect(gap(a, plain)).toBeGreaterThan(0.1);
    const right = column(await weighted.sample(20_000, one), "time").map((x) => (x > 1e6 + 5000 ? 1 : 0));
    const expected = column(weigh(1, 0), "w").reduce(
      (sum, w) => ({ right: sum.right + (w === 3 ? 3 : 0), all: sum.all + w }),
      { right: 0, all: 0 },
    );
    if (flow !== "gaussian")
      expect(Math.abs(meanOf(right) - expected.right / expected.all)).toBeLessThan(0.015);
  });

  it("refuses what only a training has, and conditions", async () => {
    for (const options of [{ epochs: 3 }, { hidden: [8] }, { learningRate: 0.1 }, { checkpoint: "c" }])
      await expect(fit(table, { flow, ...options })).rejects.toThrow(
        new RegExp(
          `^fit: ${Object.keys(options)[0]} means nothing for ${flow}, which is fitted without gradients`,
        ),
      );
    await expect(fit(table, { flow, columns: ["time"], given: ["gap"] })).rejects.toThrow(UsageError);
  });

  it("stops when it is told to", async () => {
    await expect(fit(table, { ...one, flow, signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  });
});

it("fit takes the default flow without a kind, and refuses kinds that it does not know", async () => {
  const quick = { ...one, hidden: [4], transforms: 1, epochs: 1 };
  expect((await fit(table, quick)).flow.description.kind).toBe("nsf-ar");
  await expect(fit(table, { flow: "glow" as ModelKind })).rejects.toThrow(
    `flow must be one of ${modelKinds.join(", ")}, or an architecture`,
  );
  await expect(fit(table, { flow: "toString" as ModelKind })).rejects.toThrow(UsageError);
});

it("a Gaussian's density is the formula with the mean and covariance of the rows", async () => {
  const {
    flow,
    report: { parameters, trainLogProb },
  } = await fit(table, { flow: "gaussian", ...one, validation: 0 });
  const rows = rowsOf(table);
  const mean = [0, 1].map((i) => meanOf(rows.map((own) => own[i]!)));
  const moment = (i: number, j: number): number =>
    meanOf(rows.map((own) => (own[i]! - mean[i]!) * (own[j]! - mean[j]!)));
  const [a, b, c] = [moment(0, 0), moment(0, 1), moment(1, 1)];
  const determinant = a * c - b * b;
  const expected = rows.map(([x, y]) => {
    const [dx, dy] = [x! - mean[0]!, y! - mean[1]!];
    const square = (c * dx * dx - 2 * b * dx * dy + a * dy * dy) / determinant;
    return -0.5 * square - 0.5 * Math.log(determinant) - Math.log(2 * Math.PI);
  });
  // The billionth that is added to the variances.
  (await flow.logProb(table, one)).forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-7);
  });
  expect(trainLogProb).toBeCloseTo(meanOf(expected), 7);
  // Two means, two variances, a covariance.
  expect(parameters).toBe(5);
});

it("columns that determine each other have a Gaussian, and a kernel density", async () => {
  const copies = draw(["x", "y", "z"], 200, 3, (stream) => {
    const x = stream.normal();
    return [x, 2 * x, x + stream.normal()];
  });
  for (const flow of kinds) {
    const score = await (await fit(copies, { ...one, flow })).flow.logProb(copies, one);
    expect(score.every(Number.isFinite)).toBe(true);
  }
});

describe("the mixture", () => {
  it("has the density of the mixture that EM found", async () => {
    const {
      flow,
      report: { epochs, history },
    } = await fit(table, { flow: "mixture", ...one, validation: 0 });
    expect((flow.base.toJSON() as { components?: number }).components).toBe(2);
    const own = await flow.logProb(table, one);
    const other = (await chooseGaussianMixture(table, { components: [2], starts: 3 })).logProb(table);
    own.forEach((value, i) => {
      // Both stop where a step gains less than 1e-5 nats per row.
      expect(Math.abs(value - other[i]!)).toBeLessThan(0.05);
    });
    // Two did best; three more were tried; the three best were gone on with, and the best of these to the end.
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(history[4]!.bestEpoch).toBe(2);
    expect(epochs).toBe(9);
  });

  it("does not collapse on few rows of many columns", async () => {
    const many = draw(Array.from("abcdefghijkl"), 150, 2, (stream) =>
      Array.from({ length: 12 }, () => stream.normal()),
    );
    const {
      report: { validationLogProb },
    } = await fit(many, { ...one, flow: "mixture" });
    expect(validationLogProb).toBeGreaterThan(-25);
  });
});

describe("the kernel density", () => {
  /** Mean log-density of some rows under all others, by the formula. */
  const leaveOneOut = (point: Float64Array, width: number, h: number): number => {
    const count = point.length / width;
    const scores = Array.from({ length: count }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < count; k++) {
        if (k === i) continue;
        let square = 0;
        for (let j = 0; j < width; j++) square += (point[i * width + j]! - point[k * width + j]!) ** 2;
        sum += Math.exp((-0.5 * square) / h ** 2);
      }
      return Math.log(sum / (count - 1)) - width * Math.log(h * Math.sqrt(2 * Math.PI));
    });
    return meanOf(scores);
  };

  it("takes the bandwidth that predicts each row best from the others", async () => {
    const { flow } = await fit(table, { flow: "kde", ...one, validation: 0 });
    const values = modelFromBytes(flow.toBytes()).values;
    const h = Math.exp(values["base.logBandwidth"]![0]!);
    const best = leaveOneOut(values["base.point"]!, 2, h);
    for (const factor of [0.5, 0.9, 1.1, 2])
      expect(leaveOneOut(values["base.point"]!, 2, factor * h)).toBeLessThan(best);
  });

  it("is near Silverman's rule on a Gaussian, and whitens it", async () => {
    const rows = draw(["x", "y"], 1000, 5, (stream) => {
      const x = stream.normal();
      return [x, x + 0.1 * stream.normal()];
    });
    const { flow } = await fit(rows, { ...one, flow: "kde" });
    const model = modelFromBytes(flow.toBytes());
    expect(model.bijection.type).toBe("triangularAffine");
    const ratio = Math.exp(model.values["base.logBandwidth"]![0]!) / 900 ** (-1 / 6);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.3);
  });

  it("has a limited number of points, drawn by the seed", async () => {
    const rows = draw(["x"], 4800, 6, (stream) => [stream.normal()]);
    const { flow } = await fit(rows, { ...one, flow: "kde" });
    expect(flow.base.toJSON()).toEqual({ type: "kernelDensity", features: 1, points: mostPoints });
    const truth = -0.5 * (1 + Math.log(2 * Math.PI));
    expect(Math.abs(meanOf(await flow.logProb(rows, one)) - truth)).toBeLessThan(0.03);
  });
});

/** A few layers or steps are enough: what is said of the columns is found out from the table. */
const brief: Partial<Record<ModelKind, FitOptions>> = {
  gaussianization: { layers: 2 },
  sliced: { layers: 2 },
  "dual-ascent": { steps: 5 },
  columns: { epochs: 2, members: 1, hidden: [16] },
};

describe.each(modelKinds.filter((kind) => !isTrained(kind)))(
  "%s of columns that determine each other",
  (flow) => {
    const warned = async (noise: number): Promise<string[]> => {
      const rows = draw(["a", "b", "sum"], 200, 7, (stream) => {
        const [a, b] = [stream.normal(), stream.normal()];
        return [a, b, 3 * a + b + 4 + noise * stream.normal()];
      });
      const lines: string[] = [];
      const { flow: found } = await fit(rows, {
        ...one,
        ...brief[flow],
        flow,
        onWarning: (line) => lines.push(line),
      });
      expect((await found.logProb(rows, one)).every(Number.isFinite)).toBe(true);
      return lines.filter((line) => line.includes("follows from others"));
    };

    it("says which one follows from the others", async () => {
      expect(await warned(0)).toEqual([expect.stringContaining("sum = 4 + 3 a + b.")]);
      expect(await warned(1e-3)).toEqual([]);
    });
  },
);
