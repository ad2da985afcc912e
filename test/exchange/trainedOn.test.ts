/** An imported model is trained on like any other: its parameters are where a library's were, and a step lowers its loss. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pushforwardLogProb } from "../../src/distributions/density.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { importModel } from "../../src/entries/exchange.ts";
import { minimize } from "../../src/fitting/gradient/minimize.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree, subtreeOf, trainedLeaves } from "../../src/graph/parameters.ts";
import { flowOfModel } from "../../src/models/flow.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";

const folder = join(import.meta.dirname, "../files/parity");
const engine = wasmEngine({ precision: "float64", threads: 1 });

test.each(["zuko-NSF-1", "flowjax-masked-2"])(
  "%s, trained on with rows of another law, gives them a higher likelihood",
  async (name) => {
    const { config } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as { config: object };
    const flow = await importModel(readFileSync(join(folder, `${name}.safetensors`)), config);
    const { model } = flow;
    const [features, context] = [model.columns.length, model.given.length];
    const rows = 64;
    const source = new RandomStream(randomKey(3));
    const draw = (count: number): Float64Array => Float64Array.from({ length: count }, () => source.normal());
    const data = { x: draw(rows * features).map((value) => 0.5 * value + 1), c: draw(rows * context) };
    const tree = { base: model.base.parameters, bijection: model.bijection.parameters };
    const bound = bindTree(tree);
    const given = context > 0 ? g.input("c", [context]) : undefined;
    const parts = { base: subtreeOf(bound, "base"), bijection: subtreeOf(bound, "bijection") };
    const logProb = pushforwardLogProb(model.base, model.bijection, g.input("x", [features]), parts, given);
    const inputs = context > 0 ? data : { x: data.x };
    const { values, history } = await minimize(
      { loss: g.neg(logProb), parameters: trainedLeaves(tree, bound) },
      { rows, inputs },
      model.values,
      { engine, key: randomKey(1), epochs: 8, batch: 32, learningRate: 0.01, averaging: 0, patience: 8 },
    );
    expect(history.length).toBeGreaterThan(0);
    const table = (of: typeof flow): Record<string, number>[] =>
      Array.from({ length: rows }, (_, r) =>
        Object.fromEntries([
          ...of.columns.map((column, i) => [column, data.x[r * features + i]!]),
          ...of.given.map((column, i) => [column, data.c[r * context + i]!]),
        ]),
      );
    const mean = async (of: typeof flow): Promise<number> => {
      const scores = await of.logProb(table(of));
      return scores.reduce((sum, value) => sum + value, 0) / rows;
    };
    const trained = await flowOfModel({ ...model, values });
    expect(await mean(trained)).toBeGreaterThan(await mean(flow));
  },
);
