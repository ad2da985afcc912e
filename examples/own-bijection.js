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
import { referenceEngine } from "pushforward/engines";
import { bindTree, ops as g, initialValues, leafOf, trained, vjp } from "pushforward/graph";
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

/** Largest absolute difference. */
const worst = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

// The laws, on the float64 reference engine, at points out to |x| = 8.
const features = 2;
const own = symmetricExponential({ features });
const x = g.input("x", [features]);
const bound = bindTree(own.parameters);
const there = own.forward(x, bound);
const back = own.inverse(there.value, bound);
// The map is element-wise, so that the gradient of the sum of its outputs is the diagonal of the Jacobian.
const [diagonal] = vjp([there.value], [g.constant([1, 1])], [x]);
const laws = await referenceEngine.compile({
  rows: {
    roundTrip: back.value,
    forward: there.logAbsDet,
    inverse: back.logAbsDet,
    jacobian: g.sum(g.log(g.abs(diagonal))),
  },
});
await laws.setParameters(initialValues(own.parameters, randomKey(0)));
const stream = new RandomStream(randomKey(1));
const points = Float64Array.from({ length: 1000 * features }, () => 16 * stream.uniform() - 8);
const { rows: found } = await laws.run({ rows: 1000, inputs: { x: points } });
const errors = [
  ["inverse(forward(x)) = x", worst(found.roundTrip, points)],
  ["logAbsDet = log abs(det J)", worst(found.forward, found.jacobian)],
  [
    "logAbsDets are opposite",
    worst(
      found.forward,
      found.inverse.map((value) => -value),
    ),
  ],
];
for (const [law, error] of errors) {
  if (!(error < 1e-12)) throw new Error(`${law} fails by ${error}`);
  console.log(`${law}: holds to 1e-12`);
}

// Fitted: two heavy-tailed columns, with the bijection between two couplings and the data.
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
// Model files hold names, never code: with its reader registered, the bijection is saved and loaded like the built-in ones.
register({ bijections: { symmetricExponential } });
const again = await load(flow.toBytes());
console.log(
  `loaded: ${(await again.logProb([[1, 2]]))[0] === (await flow.logProb([[1, 2]]))[0] ? "the same scores" : "other scores"}`,
);
