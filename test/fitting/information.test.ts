import { describe, expect, it } from "vitest";
import { type Estimate, information } from "../../src/diagnostics/information.ts";
import { normalScores } from "../../src/diagnostics/measureInformation.ts";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { draw } from "./tables.ts";

/** Within four standard errors, and what the flows cannot follow or have made of these rows: measured 0.002 to 0.03. */
function expectNear({ value, standardError }: Estimate, truth: number, bias = 0.03): void {
  expect(standardError).toBeGreaterThan(0);
  expect(Math.abs(value - truth)).toBeLessThan(4 * standardError + bias);
}

const normalEntropy = (deviation: number): number =>
  0.5 * Math.log(2 * Math.PI * Math.E) + Math.log(deviation);

describe("information", () => {
  it("of a correlated normal distribution is its closed form, in the data's units", async () => {
    const rho = 0.8;
    const table = draw(["x", "y"], 3000, 1, (s) => {
      const x = s.normal();
      return [100 * x + 5, 0.01 * (rho * x + Math.sqrt(1 - rho * rho) * s.normal())];
    });
    const found = await information(table, { between: [["x"], ["y"]], folds: 2 });
    const shared = -0.5 * Math.log(1 - rho * rho);
    expectNear(found.entropy, normalEntropy(100) + normalEntropy(0.01) - shared);
    expectNear(found.totalCorrelation, shared);
    expectNear(found.mutualInformation!, shared);
    expectNear(found.negentropy, 0);
    expectNear(found.marginalEntropies.x!, normalEntropy(100));
    expect(found.totalCorrelation).toEqual(found.mutualInformation);
  });

  it("of few rows is not what unseen rows alone say, whose negentropy is below 0", async () => {
    // Flows fitted to 75 rows lose 0.11 nats per row on others; a normal distribution, fitted to 149, 0.05.
    const rho = 0.36;
    const truth = -0.5 * Math.log((1 + 3 * rho) * (1 - rho) ** 3);
    const negentropies: number[] = [];
    for (const seed of [1, 2]) {
      const table = draw(["a", "b", "c", "d"], 150, seed, (s) => {
        const common = s.normal();
        return [1, 2, 3, 4].map(() => Math.sqrt(rho) * common + Math.sqrt(1 - rho) * s.normal());
      });
      const { negentropy, totalCorrelation } = await information(table, { seed, folds: 2 });
      negentropies.push(negentropy.value);
      expect(Math.abs(totalCorrelation.value - truth)).toBeLessThan(3 * totalCorrelation.standardError);
    }
    expect(Math.abs(negentropies.reduce((a, b) => a + b) / 2)).toBeLessThan(0.04);
  });

  it("of shares alone is that of one variable", async () => {
    const table = draw(["a", "b"], 40, 4, (s) => {
      const a = 1 / (1 + Math.exp(s.normal()));
      return [a, 1 - a];
    });
    const found = await information(table, { simplex: ["a", "b"] });
    expect(found.totalCorrelation).toEqual({ value: 0, standardError: 0 });
    // Either share tells the other, and has the same density.
    expectNear(found.entropy, found.marginalEntropies.a!.value, 0.2);
    expectNear(found.entropy, found.marginalEntropies.b!.value, 0.2);
  });

  it("of shares of a total is that on their simplex", async () => {
    const rho = 0.6;
    const total = 100;
    const table = draw(["a", "x", "b", "c"], 400, 4, (s) => {
      const [u, v] = [s.normal(), s.normal()];
      const part = total / (Math.exp(u) + Math.exp(0.5 * v) + 1);
      const x = 3 * (rho * u + Math.sqrt(1 - rho * rho) * s.normal());
      return [part * Math.exp(u), x, part * Math.exp(0.5 * v), part];
    });
    const lines: string[] = [];
    const between = [["x"], ["a", "b", "c"]];
    const options = { simplex: ["a", "b", "c"], folds: 2, onWarning: (line: string) => lines.push(line) };
    const found = await information(table, { ...options, between });
    expect(lines).toEqual([]);
    expect(found.columns).toEqual(between.flat());
    const shared = -0.5 * Math.log(1 - rho * rho);
    // That of the log-ratios, and what the area of the triangle makes of it.
    let area = 0;
    for (let row = 0; row < table.rows; row++) {
      const [a, , b, c] = table.values.subarray(4 * row, 4 * row + 4);
      area += Math.log((a! * b! * c!) / total) / table.rows;
    }
    const ofShares = normalEntropy(1) + normalEntropy(0.5) + area;
    expectNear(found.entropy, ofShares + normalEntropy(3) - shared);
    expectNear(found.negentropy, 0);
    expectNear(found.mutualInformation!, shared);
    expect(found.totalCorrelation).toEqual(found.mutualInformation);
    // Over several groups they tell each other.
    const divided = { ...options, between: [["a"], ["b", "c"]] };
    await expect(information(table, divided)).rejects.toThrow(
      "the shares a, b, c are in several groups of between",
    );
  });

  it.each([undefined, Float64Array.of(1, 3, 2, 1, 1, 2, 5, 1, 1, 1)])(
    "scores rows by the normal distribution without them",
    (weights) => {
      const { values } = draw(["x", "y"], 10, 6, (s) => [s.normal(), s.normal() ** 2]);
      const all = normalScores({ rows: 10, data: values, weights }, 2);
      for (let row = 0; row < 10; row++) {
        const rest = Array.from({ length: 10 }, (_, i) => i).filter((i) => i !== row);
        const total = rest.reduce((sum, i) => sum + (weights?.[i] ?? 1), 0);
        const mean = (of: (i: number) => number): number =>
          rest.reduce((sum, i) => sum + (weights?.[i] ?? 1) * of(i), 0) / total;
        const [mx, my] = [mean((i) => values[2 * i]!), mean((i) => values[2 * i + 1]!)];
        const [dx, dy] = [values[2 * row]! - mx, values[2 * row + 1]! - my];
        const xx = mean((i) => (values[2 * i]! - mx) ** 2);
        const yy = mean((i) => (values[2 * i + 1]! - my) ** 2);
        const xy = mean((i) => (values[2 * i]! - mx) * (values[2 * i + 1]! - my));
        const determinant = xx * yy - xy * xy;
        const distance = (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / determinant;
        const expected = -Math.log(2 * Math.PI) - 0.5 * (Math.log(determinant) + distance);
        expect(all.unseen[row]!).toBeCloseTo(expected, 10);
        expect(all.seen[row]!).toBeGreaterThan(expected);
      }
    },
  );

  it("of a uniform and an exponential distribution is their entropy", async () => {
    const table = draw(["u", "e"], 3000, 2, (s) => [4 * s.uniform() - 1, -2 * Math.log(s.uniform())]);
    const uniform = await information(table, { columns: ["u"], folds: 2 });
    expectNear(uniform.entropy, Math.log(4), 0.06);
    expectNear(uniform.negentropy, normalEntropy(4 / Math.sqrt(12)) - Math.log(4), 0.06);
    expect(uniform.totalCorrelation).toEqual({ value: 0, standardError: 0 });
    const both = await information(table, { folds: 2 });
    expectNear(both.marginalEntropies.e!, 1 + Math.log(2), 0.06);
    expectNear(both.totalCorrelation, 0);
  });

  it("sees a dependence without correlation", async () => {
    // y = (sign) x + noise with a hidden sign: given |x| large, y is one of two; uncorrelated, with I computed below.
    const noise = 0.5;
    const table = draw(["x", "y"], 4000, 3, (s) => {
      const x = s.normal();
      return [x, (s.uniform() < 0.5 ? -x : x) + noise * s.normal()];
    });
    // I = H(y) - E H(y | x), both by quadrature; y is normal of variance 1 + noise^2.
    const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    let conditional = 0;
    const h = 0.02;
    for (let x = -6; x <= 6; x += h)
      for (let y = -9; y <= 9; y += h) {
        const p = (density((y - x) / noise) + density((y + x) / noise)) / (2 * noise);
        if (p > 0) conditional -= density(x) * p * Math.log(p) * h * h;
      }
    const truth = normalEntropy(Math.sqrt(1 + noise * noise)) - conditional;
    expect(truth).toBeGreaterThan(0.2);
    const { mutualInformation } = await information(table, { between: [["x"], ["y"]], folds: 2 });
    expectNear(mutualInformation!, truth, 0.05);
  });

  it("looks at groups of columns, and at weights", async () => {
    const table = draw(["a", "b", "c", "w"], 2000, 4, (s) => {
      const a = s.normal();
      const weight = s.uniform() < 0.5 ? 1 : 3;
      return [a, s.normal(), 0.6 * a + 0.8 * s.normal(), weight];
    });
    const found = await information(table, { between: [["a", "b"], ["c"]], weights: "w", folds: 2 });
    expect(found.columns).toEqual(["a", "b", "c"]);
    expectNear(found.mutualInformation!, -0.5 * Math.log(1 - 0.36));
  });

  it("refuses groups that overlap, are alone or empty, and stops when it is told to", async () => {
    const table = draw(["a", "b"], 100, 5, (s) => [s.normal(), s.normal()]);
    await expect(information(table, { between: [["a"], ["a", "b"]] })).rejects.toThrow(UsageError);
    await expect(information(table, { between: [["a"]] })).rejects.toThrow(UsageError);
    await expect(information(table, { between: [["a"], []] })).rejects.toThrow(UsageError);
    await expect(information(table, { columns: ["a"], between: [["a"], ["b"]] })).rejects.toThrow(UsageError);
    await expect(information(table, { folds: 1 })).rejects.toThrow(UsageError);
    await expect(information(table, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  });
});
