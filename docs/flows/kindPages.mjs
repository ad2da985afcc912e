// What the pages of the kinds of flow say beside what the sources say: src is where the mathematics is written.

const spline = "transformers/rationalQuadraticTransformer";
const affine = "transformers/affineTransformer";

/** One page per kind, in the order of the list. */
export const kindPages = [
  {
    kind: "nsf-ar",
    title: "Autoregressive neural spline flow",
    architecture: "neuralSplineFlow",
    options: "autoregressive: true",
    papers: [["Durkan et al. 2019", "https://arxiv.org/abs/1906.04032"]],
    src: ["bijections/autoregressive/maskedAutoregressive", spline],
    when: "The default. Take it unless one of the reasons on the other pages applies: it is the best or near the best on most tables of the results, and a training takes seconds.",
    limits:
      "Its density has bins: derivatives are continuous, but not smooth. With many columns (more than 30 or so) it needs more rows than simpler kinds.",
    density: "One network pass per transform.",
    sample: "About the same: the engine computes each hidden unit once, when what it depends on is known.",
  },
  {
    kind: "nsf",
    title: "Neural spline flow with couplings",
    architecture: "neuralSplineFlow",
    papers: [["Durkan et al. 2019", "https://arxiv.org/abs/1906.04032"]],
    src: ["bijections/autoregressive/coupling", spline],
    when: "When a sample has to cost as little as a density, or when the model is exported to software that has no autoregressive inverse.",
    limits:
      "Half of the columns pass unchanged through each transform, so it takes more transforms than the autoregressive kind for the same fit.",
    density: "One network pass per transform.",
    sample: "The same.",
  },
  {
    kind: "maf",
    title: "Masked autoregressive flow",
    architecture: "maskedAutoregressiveFlow",
    papers: [["Papamakarios et al. 2017", "https://arxiv.org/abs/1705.07057"]],
    src: ["bijections/autoregressive/maskedAutoregressive", affine],
    when: "When a smooth density with few parameters is wanted, or for comparison with the literature.",
    limits:
      "Each column is an affine function of the noise given those before it. Separate clusters stay connected by bridges of density.",
    density: "One network pass per transform.",
    sample: "About the same.",
  },
  {
    kind: "realnvp",
    title: "RealNVP",
    architecture: "realNVP",
    papers: [["Dinh et al. 2017", "https://arxiv.org/abs/1605.08803"]],
    src: ["bijections/autoregressive/coupling", affine],
    when: "For comparison with the literature, and as the simplest flow to read: two formulas and one network.",
    limits: "Affine couplings bend slowly. A spline flow needs fewer transforms for the same fit.",
    density: "One network pass per transform.",
    sample: "The same.",
  },
  {
    kind: "residual",
    title: "Residual flow",
    architecture: "residualFlow",
    papers: [
      ["Behrmann et al. 2019", "https://arxiv.org/abs/1811.00995"],
      ["Chen et al. 2019", "https://arxiv.org/abs/1906.02735"],
    ],
    src: ["bijections/residual/residual"],
    when: "For small tables with many columns, where smoothness is worth more than sharpness: it wins on wine, Boston, breast cancer and red wine in the results.",
    limits: "A training takes longer than that of a spline flow, and a sample is a fixed point.",
    density: "One pass and a Jacobian per transform.",
    sample: "10 to 100 passes per transform.",
    guide: "/residual",
  },
  {
    kind: "cnf",
    title: "Continuous flow",
    architecture: "continuousFlow",
    papers: [
      ["Chen et al. 2018", "https://arxiv.org/abs/1806.07366"],
      ["Grathwohl et al. 2019", "https://arxiv.org/abs/1810.01367"],
    ],
    src: ["bijections/continuous/continuous"],
    when: "When the density has to be smooth and no order of the columns should matter.",
    limits: "The slowest training of all kinds. Sharp edges need a stiff equation.",
    density: "40 to 150 evaluations of the velocity, adaptive per row.",
    sample: "The same.",
    guide: "/continuous",
  },
  {
    kind: "flow-matching",
    title: "Flow matching",
    architecture: "flowMatching",
    papers: [
      ["Lipman et al. 2023", "https://arxiv.org/abs/2210.02747"],
      ["Albergo & Vanden-Eijnden 2023", "https://arxiv.org/abs/2303.08797"],
    ],
    src: ["architectures/flowMatching"],
    when: "When a smooth density is wanted as by a continuous flow, but the training should not solve an equation.",
    limits:
      "It is trained by least squares and not by likelihood, so its density is a little lower than its samples suggest.",
    density: "40 to 150 evaluations of the velocity, adaptive per row.",
    sample: "The same.",
    guide: "/continuous",
  },
  {
    kind: "planar",
    title: "Planar flow",
    architecture: "planarFlow",
    papers: [["Rezende & Mohamed 2015", "https://arxiv.org/abs/1505.05770"]],
    src: ["bijections/residual/planar"],
    when: "To teach, and for comparison with the literature of variational inference.",
    limits: "Each transform bends space along one direction. A table needs many of them.",
    density: "A number of operations proportional to the columns, per transform.",
    sample: "The same and a root.",
  },
  {
    kind: "radial",
    title: "Radial flow",
    architecture: "radialFlow",
    papers: [["Rezende & Mohamed 2015", "https://arxiv.org/abs/1505.05770"]],
    src: ["bijections/residual/radial"],
    when: "To teach, and for comparison with the literature of variational inference.",
    limits: "Each transform moves density towards or away from one point.",
    density: "A number of operations proportional to the columns, per transform.",
    sample: "The same: the inverse is a quadratic equation.",
  },
  {
    kind: "sylvester",
    title: "Sylvester flow",
    architecture: "sylvesterFlow",
    papers: [["van den Berg et al. 2018", "https://arxiv.org/abs/1803.05649"]],
    src: ["bijections/residual/sylvester"],
    when: "Where planar maps are too weak and no network is wanted.",
    limits: "Without a network, its parameters are the same for all rows.",
    density: "columns · units operations per transform.",
    sample: "The same and as many roots as units.",
  },
  {
    kind: "naf",
    title: "Neural autoregressive flow",
    architecture: "neuralAutoregressiveFlow",
    papers: [["Huang et al. 2018", "https://arxiv.org/abs/1804.00779"]],
    src: ["bijections/autoregressive/maskedAutoregressive", "transformers/mixtures/mixtureTransformer"],
    when: "When a density with several modes has to be smooth: each map is a mixture of sigmoids, without the bins of a spline.",
    limits: "A sample solves an equation per column and transform.",
    density: "One network pass per transform.",
    sample: "The same, and some ten evaluations of the transformer.",
  },
  {
    kind: "sospf",
    title: "Sum-of-squares polynomial flow",
    architecture: "sumOfSquaresFlow",
    papers: [["Jaini et al. 2019", "https://arxiv.org/abs/1905.02325"]],
    src: ["bijections/autoregressive/maskedAutoregressive", "transformers/polynomials/sumOfSquares"],
    when: "For comparison with the literature, and where a polynomial is wanted.",
    limits: "Polynomials grow fast: a row far from the others may get next to no density.",
    density: "One network pass per transform.",
    sample: "The same, and some ten evaluations of the polynomials.",
  },
  {
    kind: "bpf",
    title: "Bernstein polynomial flow",
    architecture: "bernsteinFlow",
    papers: [
      ["Sick et al. 2020", "https://arxiv.org/abs/2004.00464"],
      ["Arpogaus et al. 2023", "https://arxiv.org/abs/2204.13939"],
    ],
    src: ["bijections/autoregressive/maskedAutoregressive", "transformers/polynomials/bernstein"],
    when: "When a smooth density is wanted whose parts each act on a part of the range.",
    limits: "Beyond 5 standard deviations it is the identity.",
    density: "One network pass per transform.",
    sample: "The same, and some ten evaluations of the polynomials.",
  },
  {
    kind: "unaf",
    title: "Unconstrained neural autoregressive flow",
    architecture: "unconstrainedAutoregressiveFlow",
    papers: [["Wehenkel & Louppe 2019", "https://arxiv.org/abs/1908.05164"]],
    src: [
      "bijections/autoregressive/maskedAutoregressive",
      "transformers/integrals/unconstrainedMonotonicNetwork",
    ],
    when: "When a smooth density is wanted and the shape of each map should be free: its slope is any positive network.",
    limits:
      "Each map is a quadrature: the network is evaluated 17 times per column and transform, and some ten times as often for a sample.",
    density: "One network pass per transform, and 17 of each integrand.",
    sample: "The same, and some ten evaluations of the integrals.",
  },
  {
    kind: "bnaf",
    title: "Block neural autoregressive flow",
    architecture: "blockNeuralAutoregressiveFlow",
    papers: [["De Cao et al. 2019", "https://arxiv.org/abs/1904.04676"]],
    src: ["bijections/blocks/blockAutoregressive"],
    when: "When a smooth density with few parameters is wanted: each transform is one network, without a conditioner.",
    limits: "A sample solves an equation per column and transform, one after another.",
    density: "One network pass per transform.",
    sample: "Some ten network passes per column and transform.",
  },
  {
    kind: "ncsf",
    title: "Circular neural spline flow",
    architecture: "circularSplineFlow",
    fit: 'kinds: { phi: "angle:360", psi: "angle:360" }',
    example: `import { fit, tableFromRows } from "pushforward";
import { RandomStream, randomKey } from "pushforward/random";

const stream = new RandomStream(randomKey(1));
const angles = Array.from({ length: 300 }, () => {
  const phi = 180 + 40 * stream.normal(); // about the seam, from -180 to 180
  const psi = phi + 10 * stream.normal();
  return [phi, psi].map((angle) => angle - 360 * Math.floor((angle + 180) / 360));
});
const table = tableFromRows(["phi", "psi"], angles);

const kinds = { phi: "angle:360", psi: "angle:360" }; // in degrees
const { flow } = await fit(table, { flow: "ncsf", kinds, seed: 1, epochs: 10 }); // leave \`epochs\` out for a whole training
const places = tableFromRows(["phi", "psi"], [[179, -179], [-181, 181], [0, 180]]);
const [atTheSeam, theSamePlace, farFromIt] = await flow.logProb(places); // nats
console.log(Math.abs(atTheSeam - theSamePlace) < 1e-3); // prints true
console.log(atTheSeam > farFromIt); // prints true
`,
    papers: [["Rezende et al. 2020", "https://arxiv.org/abs/2002.02428"]],
    src: [
      "bijections/autoregressive/maskedAutoregressive",
      "transformers/circular/circularShift",
      "transformers/rationalQuadraticTransformer",
    ],
    when: "When all columns are angles, or come round like hours of a day: its density has no seam where a turn ends. Each column needs its period, as `--kind phi=angle:360,psi=angle:360` says it.",
    limits:
      "Columns that do not come round are refused: beside such columns, `columns` takes angles as they are. Columns that are given are taken for numbers that do not come round: give cosine and sine of an angle.",
    density: "One network pass per transform.",
    sample: "About the same.",
  },
  {
    kind: "iaf",
    title: "Inverse autoregressive flow",
    architecture: "inverseAutoregressiveFlow",
    papers: [["Kingma et al. 2016", "https://arxiv.org/abs/1606.04934"]],
    src: ["bijections/autoregressive/maskedAutoregressive", affine],
    when: "For comparison with the literature of variational inference, and when a model is exported to software that has no autoregressive inverse, for samples alone.",
    limits: "As of a masked autoregressive flow, of which it is the inverse.",
    density: "About one network pass per transform.",
    sample: "One network pass per transform.",
  },
  {
    kind: "nice",
    title: "NICE",
    architecture: "nice",
    papers: [["Dinh et al. 2015", "https://arxiv.org/abs/1410.8516"]],
    src: ["bijections/autoregressive/coupling", "transformers/elementary/shiftTransformer"],
    when: "For comparison with the literature, and as the first of all couplings.",
    limits: "It keeps volumes but for one scale per column: it needs more transforms than RealNVP.",
    density: "One network pass per transform.",
    sample: "The same.",
  },
  {
    kind: "gaussian",
    title: "Gaussian",
    papers: [],
    src: ["bijections/linear/triangularAffine"],
    when: "As the baseline that every other kind has to beat, and for tables of fewer rows than ten times the columns.",
    limits: "One cluster, no bends.",
    density: "columns² operations.",
    sample: "The same.",
  },
  {
    kind: "mixture",
    title: "Gaussian mixture",
    papers: [["Schwarz 1978", "https://doi.org/10.1214/aos/1176344136"]],
    src: ["distributions/gaussianMixture"],
    when: "For tables of a few hundred rows with clusters. It is hard to beat there: it wins on penguins in the results.",
    limits: "Curved ridges and sharp edges need more components than the rows can tell.",
    density: "components · columns² operations.",
    sample: "columns² operations.",
  },
  {
    kind: "columns",
    title: "Chain of mixed columns",
    papers: [],
    src: ["models/columns/columnsDensity"],
    when: "When a table has more than numbers: text, whole numbers, levels, bounds, values that many rows share, angles, dates, missing cells.",
    limits:
      "Columns of numbers alone are better described by a deep flow. A missing cell in a column that never missed one has an exact score only where no later column is present.",
    density: "One network pass, and the heads of the columns.",
    sample: "One network pass per column.",
  },
  {
    kind: "kde",
    title: "Kernel density",
    papers: [],
    src: ["distributions/kernelDensity"],
    when: "For one to three columns, as a picture of the rows and a baseline.",
    limits:
      "It keeps up to 4,096 rows of the table in the model. Rows far from all of them get next to no density.",
    density: "points · columns operations.",
    sample: "columns operations.",
  },
  {
    kind: "gaussianization",
    title: "Gaussianization",
    papers: [
      [
        "Chen & Gopinath 2000",
        "https://papers.nips.cc/paper/2000/hash/3c947bc2f7ff007b86a9428b74654de5-Abstract.html",
      ],
      ["Laparra et al. 2011", "https://arxiv.org/abs/1602.00229"],
    ],
    src: ["fitting/gaussianization/fitGaussianization"],
    when: "When a fit without gradients and without tuning is wanted, or for estimates of information: see `information`.",
    limits: "Random rotations find structure of two columns among many only slowly.",
    density: "layers · columns² operations.",
    sample: "The same.",
  },
  {
    kind: "sliced",
    title: "Sliced Gaussianization",
    papers: [["Dai & Seljak 2021", "https://arxiv.org/abs/2007.00674"]],
    src: ["bijections/autoregressive/slicedSpline"],
    when: "As Gaussianization, where columns are many: each layer works along the directions that are the least normal.",
    limits: "Finding the directions costs more than drawing them.",
    density: "layers · columns² operations.",
    sample: "The same.",
  },
  {
    kind: "dual-ascent",
    title: "Dual ascent",
    papers: [
      ["Tabak & Vanden-Eijnden 2010", "https://doi.org/10.4310/CMS.2010.v8.n1.a11"],
      ["Tabak & Turner 2013", "https://doi.org/10.1002/cpa.21423"],
    ],
    src: ["bijections/residual/radialMap", "bijections/residual/directionalMap"],
    when: "To watch data flow to normality: the log-likelihood rises with each of hundreds of small maps, and the flow can be stopped after any of them (`flow.at(t)`).",
    limits: "Held out, it is above the Gaussian on all tables of the results, but above the mixture on few.",
    density: "steps · columns² operations.",
    sample: "The same and a root per step.",
  },
];
