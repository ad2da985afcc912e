import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { architectureOf } from "../../src/architectures/architectureOf.ts";
import type { Executable } from "../../src/engines/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { fit } from "../../src/fitting/fit.ts";

import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { type Bound, bindTree, subtreeOf } from "../../src/graph/parameters.ts";
import { modelFromBytes } from "../../src/models/files/modelFile.ts";
import type { Flow } from "../../src/models/flow.ts";
import { type Model, parameterTree, wholeBijection } from "../../src/models/model.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { curved, kinds, momentsOf } from "../fitting/tables.ts";

const columns = ["mass", "gap", "height"];
const open: Executable[] = [];
afterAll(() => {
  for (const executable of open) executable.dispose();
});

/** Parameters of the chain of trained part and preparation, out of a model's. */
function wholeBound(model: Model): Bound {
  const bound = bindTree(parameterTree(model));
  return { "0": subtreeOf(bound, "bijection"), "1": subtreeOf(bound, "preparation") };
}

/** Both round trips of the whole map on a float64 engine. */
async function roundTrips(model: Model): Promise<{ ofBase: Executable; ofData: Executable }> {
  const whole = wholeBijection(model);
  const bound = wholeBound(model);
  const input = g.input("at", [whole.features]);
  const context = whole.context > 0 ? g.input("context", [whole.context]) : undefined;
  const engine = wasmEngine({ precision: "float64", threads: 1 });
  const there = whole.forward(input, bound, context);
  const back = whole.inverse(input, bound, context);
  const programs = {
    ofBase: whole.inverse(there.value, bound, context),
    ofData: whole.forward(back.value, bound, context),
  };
  const compile = async (first: Expr, name: keyof typeof programs): Promise<Executable> => {
    const executable = await engine.compile({
      rows: { value: programs[name].value, logAbsDet: g.add(first, programs[name].logAbsDet) },
    });
    open.push(executable);
    await setKnownParameters(executable, model.values);
    return executable;
  };
  return {
    ofBase: await compile(there.logAbsDet, "ofBase"),
    ofData: await compile(back.logAbsDet, "ofData"),
  };
}

/** Points whose coordinates reach `reach`: along the axes, in the corners, and everywhere between. */
function spread(features: number, reach: number, seed: number, many = 2000): Float64Array {
  const stream = new RandomStream(randomKey(seed));
  const rows: number[][] = [];
  for (let i = 0; i < features; i++)
    for (let k = -40; k <= 40; k++)
      rows.push(Array.from({ length: features }, (_, j) => (j === i ? (reach * k) / 40 : 0)));
  for (let corner = 0; corner < 2 ** features; corner++)
    rows.push(Array.from({ length: features }, (_, j) => ((corner >> j) & 1 ? reach : -reach)));
  for (let row = 0; row < many; row++) {
    const scale = reach * stream.uniform();
    rows.push(Array.from({ length: features }, () => scale * (2 * stream.uniform() - 1)));
  }
  return Float64Array.from(rows.flat());
}

const worst = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.max(most, value);
  return most;
};

describe.each(kinds)("%s after a fit", (flow) => {
  for (const given of [[], ["mass"]]) {
    const fitted = columns.filter((name) => !given.includes(name));
    const label = given.length > 0 ? ", conditional" : "";
    describe(`of ${fitted.length} columns${label}`, () => {
      const table = curved(350, 3);
      const { mean, deviation } = momentsOf(table);
      let model: Flow;
      const report = (line: string): void => {
        if (process.env.REPORT) console.log(`${flow}${label}: ${line}`);
      };
      beforeAll(async () => {
        const options = { flow, given, hidden: [32, 32], transforms: 3, epochs: 25, threads: 1, seed: 5 };
        model = (await fit(table, options)).flow;
      });

      it("scores in float32 as the reference engine does, to 1e-4 nats a feature", async () => {
        const near = await model.logProb(table);
        const exact = await model.logProb(table, { engine: "reference" });
        const error = worst(near.map((value, row) => Math.abs(value - exact[row]!))) / fitted.length;
        report(`float32, the rows fitted, nats a feature: ${error}`);
        expect(error).toBeLessThan(1e-4);
      });

      it("scores rows 20 deviations out as well, to the digits that there are", async () => {
        const far = spread(3, 20, 1, 100).map((value, i) => mean[i % 3]! + deviation[i % 3]! * value);
        const near = await model.logProb(far);
        const exact = await model.logProb(far, { engine: "reference" });
        // A log-density of -1e8 has nine digits in common: those of float64 after a sum of its squares.
        const error = worst(
          near.map((value, row) => Math.abs(value - exact[row]!) / Math.max(1, 1e-5 * Math.abs(exact[row]!))),
        );
        report(`float32, 20 deviations out, nats a feature: ${error / fitted.length}`);
        expect(error / fitted.length).toBeLessThan(1e-4);
      });

      it("returns from a round trip in float64, 20 deviations out", async () => {
        const read = modelFromBytes(model.toBytes());
        const { ofBase, ofData } = await roundTrips(read);
        const width = fitted.length;
        const places = fitted.map((name) => columns.indexOf(name));
        const z = spread(width, 20, 2);
        const rows = z.length / width;
        const stream = new RandomStream(randomKey(8));
        // The context in standard deviations too, out to five.
        const context: Record<string, Float64Array> =
          given.length > 0
            ? { context: Float64Array.from({ length: rows }, () => 10 * stream.uniform() - 5) }
            : {};
        const base = (await ofBase.run({ rows, inputs: { at: z, ...context } })).rows;
        const x = z.map((value, i) => mean[places[i % width]!]! + deviation[places[i % width]!]! * value);
        const data = (await ofData.run({ rows, inputs: { at: x, ...context } })).rows;
        const e1 = worst(base.value!.map((value, i) => Math.abs(value - z[i]!)));
        const e2 = worst(
          data.value!.map((value, i) => Math.abs(value - x[i]!) / deviation[places[i % width]!]!),
        );
        // The two log-determinants of a round trip are opposite.
        const e3 = worst([...base.logAbsDet!, ...data.logAbsDet!].map(Math.abs));
        report(`float64 round trips: of z ${e1}, of x ${e2}, logAbsDet ${e3}`);
        expect(e1).toBeLessThan(1e-6);
        expect(e2).toBeLessThan(1e-6);
        expect(e3).toBeLessThan(1e-6);
      });
    });
  }
});

it.each(kinds)("%s returns from a round trip in float32 at initialization, to 1e-4", async (flow) => {
  const { bijection } = await architectureOf(flow, { features: 3, context: 1, hidden: [32, 32] });
  const bound = bindTree(bijection.parameters);
  const input = g.input("at", [3]);
  const context = g.input("context", [1]);
  const executable = await wasmEngine({ precision: "float32", threads: 1 }).compile({
    rows: {
      ofBase: bijection.inverse(bijection.forward(input, bound, context).value, bound, context).value,
      ofData: bijection.forward(bijection.inverse(input, bound, context).value, bound, context).value,
    },
  });
  open.push(executable);
  await setKnownParameters(executable, initialValues(bijection.parameters, randomKey(1)));
  const at = spread(3, 20, 4).map(Math.fround);
  const rows = at.length / 3;
  const out = (await executable.run({ rows, inputs: { at, context: new Float64Array(rows).fill(0.5) } }))
    .rows;
  for (const name of ["ofBase", "ofData"])
    expect(worst(out[name]!.map((value, i) => Math.abs(value - at[i]!)))).toBeLessThan(1e-4);
});
