import { expect, test } from "vitest";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/publicOps.ts";
import { engines } from "../engines.ts";

/** x, log Gamma(x) and digamma(x), from mpmath with 30 digits. */
const golden = [
  [1e-8, 18.42068073818021, -100000000.57721566],
  [0.01, 4.599479878042022, -100.56088545786866],
  [0.5, 0.5723649429247001, -1.9635100260214235],
  [1, 0, -0.5772156649015329],
  [1.5, -0.12078223763524522, 0.03648997397857652],
  [2, 0, 0.42278433509846713],
  [7.99, 8.50501160608848, 2.014309222046224],
  [8, 8.525161361065415, 2.01564147795561],
  [8.01, 8.545324429747733, 2.0169719639065193],
  [30.7, 73.63438504676965, 3.4078876007507035],
  [1e4, 82099.71749644238, 9.210290371142849],
] as const;

test.each(engines)("logGamma and its derivative: $name", async ({ engine, epsilon }) => {
  const x = g.input("x", []);
  const value = g.logGamma(x);
  const [slope] = vjp([value], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { value, slope: slope! } });
  const inputs = { x: Float64Array.from([...golden.map(([own]) => own), 0, -1.5]) };
  const { rows } = await executable.run({ rows: inputs.x.length, inputs });
  executable.dispose();
  const tolerance = Math.max(1e-11, 20 * epsilon);
  golden.forEach(([own, logGamma, digamma], i) => {
    expect(Math.abs(rows.value![i]! - logGamma), `log Gamma(${own})`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(logGamma)),
    );
    expect(Math.abs(rows.slope![i]! - digamma), `digamma(${own})`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(digamma)),
    );
  });
  expect(rows.value!.slice(-2)).toEqual(Float64Array.of(Number.NaN, Number.NaN));
});
