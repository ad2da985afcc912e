/** All that a page needs to score rows and draw samples: bundle.mjs weighs what it loads. */
import { load } from "../dist/index.js";

export async function evaluate(bytes, rows) {
  const flow = await load(bytes);
  const logProb = await flow.logProb(rows, { threads: 1 });
  const sample = await flow.sample(2, { seed: 1, threads: 1 });
  return { logProb: [...logProb], sample: [...sample.values] };
}
