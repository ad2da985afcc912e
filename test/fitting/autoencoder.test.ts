import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { elementwise } from "../../src/bijections/autoregressive/elementwise.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { invert } from "../../src/bijections/combinators/invert.ts";
import { triangularAffine } from "../../src/bijections/linear/triangularAffine.ts";
import { planar } from "../../src/bijections/residual/planar.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { minimize } from "../../src/fitting/gradient/minimize.ts";
import { bindTree, leafOf, subtreeOf, trained, trainedLeaves } from "../../src/graph/parameters.ts";
import * as g from "../../src/graph/publicOps.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { network } from "../../src/networks/network.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";

const [rows, pixels, latents] = [400, 4, 2] as const;
const engine = wasmEngine({ precision: "float64", threads: 1 });

/** Rows of a linear model with two latents, centered. */
function linearRows(): Float64Array {
  const stream = new RandomStream(randomKey(5));
  const loadings = [1.5, 0, -1, 0.5, 0.3, 1, 0.8, -0.6];
  const x = new Float64Array(rows * pixels);
  for (let row = 0; row < rows; row++) {
    const z = [stream.normal(), stream.normal()];
    for (let i = 0; i < pixels; i++)
      x[row * pixels + i] = loadings[2 * i]! * z[0]! + loadings[2 * i + 1]! * z[1]! + 0.5 * stream.normal();
  }
  for (let i = 0; i < pixels; i++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) mean += x[row * pixels + i]! / rows;
    for (let row = 0; row < rows; row++) x[row * pixels + i]! -= mean;
  }
  return x;
}

/** Mean log-likelihood of probabilistic principal components (Tipping & Bishop 1999, equations 4 and 8), at its maximum. */
function bestLogLikelihood(x: Float64Array): number {
  const data = Matrix.from1DArray(rows, pixels, x);
  const eigenvalues = new EigenvalueDecomposition(data.transpose().mmul(data).div(rows)).realEigenvalues
    .slice()
    .sort((a, b) => b - a);
  const rest = eigenvalues.slice(latents);
  const variance = rest.reduce((sum, own) => sum + own, 0) / rest.length;
  const logDet = eigenvalues.slice(0, latents).reduce((sum, own) => sum + Math.log(own), 0);
  return -0.5 * (pixels * Math.log(2 * Math.PI) + logDet + rest.length * Math.log(variance) + pixels);
}

/** An autoencoder whose decoder is linear and whose posterior is normal, after planar maps that it does not need. */
function linearAutoencoder(maps: number) {
  const decoder = network({ inputs: latents, outputs: pixels });
  const posterior = chain([
    ...Array.from({ length: maps }, () => planar({ features: latents, context: pixels })),
    triangularAffine({ features: latents }),
    invert(elementwise({ features: latents, context: pixels, transformer: affineTransformer() })),
  ]);
  const tree = { decoder: decoder.parameters, posterior: posterior.parameters, noise: trained([]) };
  const bound = bindTree(tree);
  const x = g.input("x", [pixels]);
  const base = standardNormal({ features: latents });
  const noise = g.randomNormal([latents], "z");
  const { value: z, logAbsDet } = posterior.forward(noise, subtreeOf(bound, "posterior"), x);
  const mean = decoder.run(z, subtreeOf(bound, "decoder"));
  const logLikelihood = g.sum(g.normalLogProb(x, mean, leafOf(bound, "noise")));
  const logQ = g.sub(base.logProb(noise, {}), logAbsDet);
  return { tree, bound, logWeight: g.sub(g.add(logLikelihood, base.logProb(z, {})), logQ) };
}

describe("a linear autoencoder, trained by minimize", () => {
  const x = linearRows();
  const best = bestLogLikelihood(x);

  it.each([0, 2])("with %i planar maps has as its bound the maximum of the likelihood", async (maps) => {
    const model = linearAutoencoder(maps);
    const data = { rows, inputs: { x } };
    const { values } = await minimize(
      { loss: g.neg(model.logWeight), parameters: trainedLeaves(model.tree, model.bound) },
      data,
      initialValues(model.tree, randomKey(1)),
      {
        engine,
        key: randomKey(2),
        epochs: 300,
        batch: 80,
        learningRate: 0.03,
        averaging: 0.99,
        patience: 300,
        weightDecay: 0,
      },
    );
    const executable = await engine.compile({
      rows: { logWeight: model.logWeight },
      sums: { total: g.sumRows(model.logWeight) },
    });
    await setKnownParameters(executable, values);
    const bounds: number[] = [];
    for (let draw = 0; draw < 20; draw++)
      bounds.push((await executable.run(data, { key: split(randomKey(3), draw) })).sums.total![0]! / rows);
    const bound = bounds.reduce((sum, own) => sum + own, 0) / bounds.length;
    expect(bound).toBeLessThan(best + 0.003);
    expect(bound).toBeGreaterThan(best - 0.02);
    // The posterior is exact there: every draw has the same weight, that of the evidence.
    const spread = Math.max(...bounds) - Math.min(...bounds);
    expect(spread).toBeLessThan(0.03);
    executable.dispose();
  });
});
