/**
 * A variational autoencoder with planar flows in its posterior, trained for a few seconds on 3,000 handwritten digits.
 *
 * Run it after `npm run build`: `node examples/vae.js`. The model is in vae/model.js; docs/results/amortized.md has it trained longer,
 * with and without flows.
 */
import { binarized, bounds, pixels, readDigits, trainVae, vae } from "./vae/model.js";

const shades = await readDigits();
const model = vae({ maps: 4, latents: 20, hidden: 100 });
const { values } = await trainVae(model, shades.slice(0, 3000 * pixels), {
  seed: 1,
  epochs: 10,
  warmUp: 100,
});

const heldOut = binarized(shades.slice(-500 * pixels), 2);
const { single, weighted } = await bounds(model, values, heldOut, { samples: 16 });
const mean = (numbers) => numbers.reduce((sum, own) => sum + own, 0) / numbers.length;
console.log(`bound of log p(x), 500 digits held out: ${mean(single).toFixed(1)} nats`);
console.log(`with 16 importance samples: ${mean(weighted).toFixed(1)} nats`);
