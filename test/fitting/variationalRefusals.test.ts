/** Variational inference: densities and options that cannot be, and what is said of those that are missed. */

import { describe, expect, test } from "vitest";
import { approximate } from "../../src/fitting/variational/approximate.ts";
import { variationalArchitecture } from "../../src/fitting/variational/variationalArchitecture.ts";
import type { LogDensity } from "../../src/fitting/variational/writtenDensity.ts";
import type { Expr } from "../../src/graph/expr.ts";

describe("densities and options that cannot be", () => {
  const flat: LogDensity = ({ mu }, { square, neg }) => neg(square(mu!));
  const fit = (density: LogDensity, more: object = {}): Promise<unknown> =>
    approximate({ logDensity: density, parameters: { mu: "real" }, steps: 25, ...more });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      "a vector",
      () => fit(({ mu }, { concatenate, reshape }) => concatenate([reshape(mu!, [1]), 1])),
      "must be one number",
    ],
    [
      "no expression",
      () => fit((() => 3) as never),
      "what the log-density returns must be an expression, got",
    ],
    [
      "no number anywhere",
      () => fit(({ mu }, { log, neg, square }) => log(neg(square(mu!)))),
      "not a finite number",
    ],
    ["an unknown option", () => fit(flat, { parameters: { mu: { over: 1 } } }), 'no option "over"'],
    ["empty bounds", () => fit(flat, { parameters: { mu: { above: 2, below: 1 } } }), "above 2 and below 1"],
    ["no parameters", () => fit(flat, { parameters: {} }), "no parameters"],
    [
      "no integral",
      () => fit(({ mu }, { neg, square }) => neg(square(mu!)), { parameters: { mu: "real", other: "real" } }),
      "no integral",
    ],
    [
      "an unknown parameter",
      () => fit(({ nu }, { square }) => square(nu!)),
      'there is no parameter "nu"; did you mean "mu"?',
    ],
    [
      "an unknown operation",
      () => fit(({ mu }, ops) => (ops as unknown as Record<string, (x: Expr) => Expr>).gamma!(mu!)),
      'there is no operation "gamma"',
    ],
    [
      "arithmetic of numbers",
      () => fit(({ mu }, { sub }) => sub(Math.log(mu as never), mu!)),
      "operand 1 is NaN",
    ],
    [
      "minus an expression",
      () => fit((({ mu }: never, { square }: never) => -(square as (x: unknown) => number)(mu)) as never),
      "got NaN",
    ],
    [
      "a list as it is",
      () => fit(({ mu }, { sum, sub }) => sum(sub(mu!, [1, 2] as never))),
      "operand 2 must be an expression or a number, got a list",
    ],
    [
      "an element by brackets",
      () => fit(({ mu }, { square }) => square((mu as never as Expr[])[0]!)),
      "operand 1 must be an expression or a number, got undefined",
    ],
    [
      "data that are no numbers",
      () => fit(({ mu }, { sum, sub, constant }) => sum(sub(mu!, constant([1, "2"] as never)))),
      "element 2 must be a number, got a string",
    ],
    [
      "NaN among data",
      () => fit(({ mu }, { sum, sub, constant }) => sum(sub(mu!, constant(Float64Array.of(1, Number.NaN))))),
      "element 2 of a constant",
    ],
    [
      "a derived quantity with the name of a parameter",
      () => fit(flat, { steps: 1, derived: ({ mu }: { mu: Expr }) => ({ mu }) }),
      'there is a parameter "mu"',
    ],
    [
      "a derived number",
      () => fit(flat, { steps: 1, derived: () => ({ one: 1 }) }),
      'what derived: "one" returns must be an expression, got 1',
    ],
    ["an error of its own", () => fit(() => (undefined as never as { x: Expr }).x), "the log-density fails"],
    ["a promise", () => fit((async () => {}) as never), "got a promise"],
    [
      "a pole",
      () =>
        fit(({ mu }, { mul, log }) => mul(-1.5, log(mu!)), { parameters: { mu: { above: 0, below: 1 } } }),
      "plus infinity at mu 0",
    ],
    [
      "another divergence",
      () => fit(flat, { divergence: "chi" as never }),
      "divergence must be one of symmetric, reverse, forward",
    ],
    [
      "two divergences",
      () => fit(flat, { divergence: "forward", alpha: 1 }),
      "alpha is a divergence of its own",
    ],
    ["an order of several samples", () => fit(flat, { alpha: 0.5, importanceSamples: 2 }), "alpha 0.5 takes"],
    ["a symmetric one annealed", () => fit(flat, { divergence: "symmetric", annealing: 5 }), "no annealing"],
    ["no steps", () => fit(flat, { steps: 0 }), "steps must be a positive integer"],
    [
      "another number of features",
      () =>
        approximate({
          flow: variationalArchitecture("nsf", { features: 2 }),
          logDensity: flat,
          parameters: { mu: "real" },
        }),
      "has 2 features; the parameters are 1 numbers",
    ],
  ])("%s", async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  test("an abort ends it", async () => {
    const controller = new AbortController();
    // Of a normal density the start is exact, and there is nothing to abort.
    const run = fit(({ mu }, { square, neg }) => neg(square(square(mu!))), {
      steps: 1500,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: "PUSHFORWARD_ABORTED" });
  });

  test("bounds that are missing are asked for", async () => {
    const warnings: string[] = [];
    await fit(({ mu }, { mul, sub, log }) => sub(mul(2, log(mu!)), mu!), {
      onWarning: (line: string) => warnings.push(line),
    });
    expect(warnings.join()).toContain('"positive"');
  });

  test("a density that the flow cannot cover is said to be missed", async () => {
    const warnings: string[] = [];
    // A fifth of it is ten times as wide as the rest.
    const density: LogDensity = ({ mu }, { logAddExp, mul, sub, square, div }) =>
      logAddExp(mul(-0.5, square(mu!)), sub(mul(-0.5, square(div(mu!, 10))), Math.log(40)));
    await fit(density, {
      onWarning: (line: string) => warnings.push(line),
    });
    expect(warnings.join()).toContain("heavy tail");
  });
});
