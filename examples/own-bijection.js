/**
 * A bijection of one's own: written once for one sample, checked against its laws, fitted like the built-in ones.
 *
 *     forward    y = sign(x) (e^(a abs(x)) - 1) / a      logAbsDet = sum(a abs(x))
 *     inverse    x = sign(y) log(1 + a abs(y)) / a       logAbsDet = -sum(log(1 + a abs(y)))
 *
 * A "symmetric exponential" with a trained rate a = softplus(r) > 0 for each feature: it makes the tails of its
 * base heavier, up to power laws. Run it after `npm run build`: `node examples/own-bijection.js`.
 */
import { fit, load, register, tableFromRows } from "pushforward";
import { realNVP } from "pushforward/architectures";
import { chain } from "pushforward/bijections";
import { checkLaws } from "pushforward/diagnostics";
import { ops as g, leafOf, trained } from "pushforward/graph";
import { RandomStream, randomKey } from "pushforward/random";

/** The description: no arrays, no batch, no engine. Gradients, tiles and threads come from the library. */
function symmetricExponential({ features }) {
  const rate = (p) => g.softplus(leafOf(p, "rawRate"));
  return {
    type: "symmetricExponential",
    features,
    context: 0,
    parameters: { rawRate: trained([features], -2) },
    forward(x, p) {
      const stretched = g.mul(rate(p), g.abs(x));
      return { value: g.mul(g.sign(x), g.div(g.expm1(stretched), rate(p))), logAbsDet: g.sum(stretched) };
    },
    inverse(y, p) {
      const shrunk = g.log1p(g.mul(rate(p), g.abs(y)));
      return { value: g.mul(g.sign(y), g.div(shrunk, rate(p))), logAbsDet: g.neg(g.sum(shrunk)) };
    },
    toJSON: () => ({ type: "symmetricExponential", features }),
  };
}

// The laws, with random parameters at random points: what fails is told with the point and the numbers.
register({ bijections: { symmetricExponential } });
const features = 2;
const own = symmetricExponential({ features });
const laws = await checkLaws(own);
console.log(laws.text);
if (!laws.holds) throw new Error("the bijection breaks a law");

// Fitted: two heavy-tailed columns, with the bijection between two couplings and the data.
const stream = new RandomStream(randomKey(1));
const table = tableFromRows(
  ["a", "b"],
  Array.from({ length: 2000 }, () => {
    const scale = 1 / Math.sqrt(-Math.log(stream.uniform()));
    return [scale * stream.normal(), scale * stream.normal()];
  }),
);
const couplings = realNVP({ features, transforms: 2, hidden: [16] });
const architecture = { ...couplings, bijection: chain([couplings.bijection, own]) };
const { flow, report } = await fit(table, { flow: architecture, seed: 1, epochs: 40 });
console.log(
  `${flow.parameterCount} parameters, ${report.validationLogProb.toFixed(2)} nats per row, held out`,
);
// Model files hold names, never code: with its reader registered, above, the bijection is saved and loaded like the built-in ones.
const again = await load(flow.toBytes());
console.log(
  `loaded: ${(await again.logProb([[1, 2]]))[0] === (await flow.logProb([[1, 2]]))[0] ? "the same scores" : "other scores"}`,
);
