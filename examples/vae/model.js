/**
 * A variational autoencoder whose posterior is a flow (D. Rezende, S. Mohamed, "Variational Inference with Normalizing Flows", ICML
 * 2015, https://arxiv.org/abs/1505.05770, sections 2.3 and 4.1), in parts of the library:
 *
 *     x ~ Bernoulli(decoder(z)), z ~ N(0, 1)          the model of a binary image x
 *     z = f_K(... f_1(f_0(noise, h), h)), h = encoder(x)   its posterior: f_0 scales and shifts, the others are planar maps
 *
 * The parameters of all maps are functions of h, one dense layer each: the posterior of a new image takes one pass. What is
 * maximized is the bound log p(x) >= E[log p(x, z) - log q(z | x)], of which one sample of z is an unbiased estimate.
 */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { chain, elementwise, invert, planar } from "pushforward/bijections";
import { standardNormal } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { minimize, trainedLeaves } from "pushforward/fitting";
import { bindTree, initialValues, ops } from "pushforward/graph";
import { network } from "pushforward/networks";
import { RandomStream, randomKey, split } from "pushforward/random";
import { affineTransformer } from "pushforward/transformers";

export const pixels = 784;

/** 10,000 digits, 28 x 28, as shares of black in [0, 1]: the test set of MNIST (see README.md). */
export async function readDigits() {
  const bytes = gunzipSync(await readFile(new URL("./digits.idx.gz", import.meta.url)));
  return Float64Array.from(bytes.subarray(16), (value) => value / 255);
}

/** Black or white by chance, black with the probability that the share of black says: the usual binary MNIST. */
export function binarized(shades, seed) {
  const stream = new RandomStream(split(randomKey(seed), "binarized"));
  return shades.map((share) => Number(stream.uniform() < share));
}

/** The expressions of a VAE with so many planar maps in its posterior. */
export function vae({ maps, latents = 40, hidden = 200 }) {
  const encoder = network({ inputs: pixels, hidden: [hidden], outputs: hidden });
  const decoder = network({ inputs: latents, hidden: [hidden, hidden], outputs: pixels });
  // `invert`: of the two directions of the affine map it is z = noise e^s + t that goes to the latent.
  const scaled = invert(
    elementwise({ features: latents, context: hidden, transformer: affineTransformer() }),
  );
  const bent = Array.from({ length: maps }, () => planar({ features: latents, context: hidden }));
  const posterior = chain([scaled, ...bent]);
  const normal = standardNormal({ features: latents });

  const tree = { encoder: encoder.parameters, decoder: decoder.parameters, posterior: posterior.parameters };
  const bound = bindTree(tree);

  // Shades are made binary anew at each step; images that are binary stay what they are.
  const shades = ops.input("image", [pixels]);
  const image = ops.less(ops.randomUniform([pixels], "binarize"), shades);

  const noise = ops.randomNormal([latents], "noise");
  const h = ops.tanh(encoder.run(image, bound.encoder));
  const { value: z, logAbsDet } = posterior.forward(noise, bound.posterior, h);
  const logQ = ops.sub(normal.logProb(noise, {}), logAbsDet);
  const logPrior = normal.logProb(z, {});
  const logLikelihood = ops.sum(ops.bernoulliLogProb(image, decoder.run(z, bound.decoder)));
  const divergence = ops.sub(logQ, logPrior);
  const drawn = ops.sigmoid(decoder.run(ops.randomNormal([latents], "prior"), bound.decoder));
  return { tree, bound, logLikelihood, divergence, logWeight: ops.sub(logLikelihood, divergence), drawn };
}

/** Trains a VAE on images, rows of 784 shades; returns values of its parameters. */
export async function trainVae(
  model,
  images,
  { seed, epochs, warmUp, batch = 128, learningRate = 5e-3, ...options },
) {
  const rows = images.length / pixels;
  // The divergence comes in slowly: else the posterior is drawn to the prior before the decoder has learnt to use z.
  const weight = ops.stepInput("weight", []);
  const loss = ops.sub(ops.mul(weight, model.divergence), model.logLikelihood);
  const { values, history } = await minimize(
    {
      loss,
      parameters: trainedLeaves(model.tree, model.bound),
      draws: { weight: (_, step) => Math.min(1, 0.01 + step / warmUp) },
    },
    { rows, inputs: { image: images } },
    initialValues(model.tree, split(randomKey(seed), "initial")),
    {
      engine: wasmEngine(),
      key: split(randomKey(seed), "training"),
      epochs,
      batch,
      learningRate,
      averaging: 0.995,
      patience: epochs,
      ...options,
    },
  );
  return { values, history };
}

/**
 * The bound of each image, and the importance-weighted one (Burda et al. 2016, https://arxiv.org/abs/1509.00519), which is nearer
 * to log p(x): log of the mean of so many weights p(x, z) / q(z | x).
 */
export async function bounds(model, values, images, { samples, seed = 0 }) {
  const rows = images.length / pixels;
  const executable = await wasmEngine().compile({ rows: { logWeight: model.logWeight } });
  await executable.setParameters(values);
  const drawn = [];
  for (let sample = 0; sample < samples; sample++) {
    const key = split(split(randomKey(seed), "bounds"), sample);
    const found = await executable.run({ rows, inputs: { image: images } }, { key });
    drawn.push(found.rows.logWeight);
  }
  executable.dispose();
  const single = new Float64Array(rows);
  const weighted = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const logs = drawn.map((own) => own[row]);
    const top = Math.max(...logs);
    single[row] = logs.reduce((sum, own) => sum + own, 0) / samples;
    weighted[row] = top + Math.log(logs.reduce((sum, own) => sum + Math.exp(own - top), 0) / samples);
  }
  return { single, weighted };
}

/** Digits drawn from the model: the shares of black that the decoder gives for latents from the prior, 784 a digit. */
export async function drawDigits(model, values, count, { seed = 0 } = {}) {
  const executable = await wasmEngine().compile({ rows: { shades: model.drawn } });
  await executable.setParameters(values);
  const { rows } = await executable.run(
    { rows: count, inputs: {} },
    { key: split(randomKey(seed), "digits") },
  );
  executable.dispose();
  return rows.shades;
}
