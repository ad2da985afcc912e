/**
 * This library, as built in `dist`.
 *
 * A step is what `fit` runs: AdamW with its defaults (weight decay, clipping by norm, a moving average of the
 * parameters), on rows that are in place, many steps a call. Scores and samples are `Flow.logProb` and `Flow.sample`,
 * with all that they check; their rows come and go as float64.
 */
import { readFileSync } from "node:fs";
import { checkFinite, eachCall, readRows, serve, threads } from "./worker.mjs";

const entries = [
  "index",
  "architectures",
  "bijections",
  "distributions",
  "engines",
  "fitting",
  "graph",
  "random",
  "transformers",
];
const modules = await Promise.all(entries.map((name) => import(`../../dist/${name}.js`)));
const library = Object.assign({}, ...modules);
const { normals } = await import("./normals.mjs");
const { ops: g } = library;

const wide = process.env.BENCH_WIDE === "1";
const options = { threads, ...(wide ? { wide } : {}) };

function architectureOf({ flow, features, hidden, transforms, bins }) {
  const sizes = { features, hidden, transforms };
  if (flow === "realnvp") return library.realNVP(sizes);
  if (flow === "planar") return library.planarFlow({ features, transforms });
  if (flow === "cnf") return library.continuousFlow({ features, hidden });
  if (flow === "flow-matching") return library.flowMatching({ features, hidden });
  if (flow === "residual") return library.residualFlow(sizes);
  if (flow === "maf") return library.maskedAutoregressiveFlow(sizes);
  // The monotone network of zuko's.
  if (flow === "naf")
    return library.maskedAutoregressiveFlow({ ...sizes, transformer: library.monotonicNetwork() });
  if (flow === "unaf") return library.unconstrainedAutoregressiveFlow(sizes);
  if (flow === "bnaf") return library.blockNeuralAutoregressiveFlow(sizes);
  if (flow === "sospf") return library.sumOfSquaresFlow(sizes);
  if (flow === "bpf") return library.bernsteinFlow(sizes);
  if (flow === "gf") return library.gaussianizationFlow({ features, transforms });
  if (flow === "ncsf") return library.circularSplineFlow({ ...sizes, bins });
  // The paper's splines, which are those of the others: the tails are the identity.
  return library.neuralSplineFlow({ ...sizes, bins, tails: "identity", autoregressive: flow === "nsf-ar" });
}

/**
 * Starting values. A flow starts as the identity, its last layers at zero; here they are not, so that nothing that
 * is timed is the identity.
 */
function valuesOf(tree, layers) {
  const values = library.initialValues(tree, library.randomKey(0));
  for (const [name, value] of Object.entries(values))
    if (name.endsWith(`weight${layers}`) || name.endsWith(`bias${layers}`) || /\.out(Bias)?$/.test(name))
      value.set(normals(value.length, value.length).map((x) => 0.05 * x));
  return values;
}

const counted = (tree) =>
  Array.from(library.flattenTree(tree).values())
    .filter(({ kind }) => kind === "trained")
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** As `minimize` compiles it. */
async function prepareStep(task) {
  const { base, bijection, features, training } = architectureOf(task);
  const tree = { base: base.parameters, bijection: bijection.parameters };
  const bound = library.bindTree(tree);
  const parameters = Array.from(library.flattenTree(tree).keys(), (name) =>
    name.split(".").reduce((at, step) => at[step], bound),
  );
  const data = g.input("data", [features]);
  const loss = g.sumRows(
    training?.loss(data, bound) ?? g.neg(library.pushforwardLogProb(base, bijection, data, bound)),
  );
  const draws = Object.entries(training?.draws ?? {});
  const key = library.randomKey(0);
  const total = g.sumRows(g.rowMark());
  const gradients = library.vjp([loss], [g.constant(1)], parameters).map((sum) => g.div(sum, total));
  const { updates, norm } = library.adamW(parameters, gradients, {});
  const executable = await library.wasmEngine(options).compile({ sums: { loss, total, norm }, updates });
  await executable.setParameters(valuesOf(tree, task.hidden.length));
  const rows = task.batches * task.batch;
  await executable.load({ rows, inputs: { data: Float64Array.from(readRows(task, rows)) } });
  const stream = new library.RandomStream(key);
  let done = 0;
  const run = async (count) => {
    const from = performance.now();
    const steps = Float64Array.from({ length: count }, (_, i) => done + i);
    const sums = await executable.step({
      indices: Uint32Array.from({ length: count * task.batch }, (_, i) => (done * task.batch + i) % rows),
      counts: new Array(count).fill(task.batch),
      stepInputs: {
        rate: steps.map(() => task.rate),
        correction1: steps.map((step) => 1 / (1 - 0.9 ** (step + 1))),
        correction2: steps.map((step) => 1 / (1 - 0.999 ** (step + 1))),
        averageShare: steps.map((step) => 1 - Math.min(0.995, (1 + step) / (10 + step))),
        ...Object.fromEntries(draws.map(([name, draw]) => [name, steps.map((step) => draw(stream, step))])),
      },
      key,
      firstStep: done,
    });
    done += count;
    const ms = (performance.now() - from) / count;
    checkFinite(sums.loss);
    return ms;
  };
  return {
    parameters: counted(tree),
    async time(repeats) {
      // A fit runs an epoch a call. Five calls a round give a median.
      const count = Math.ceil(repeats / 5);
      const times = [];
      for (let i = 0; i < Math.min(5, repeats); i++) times.push(await run(count));
      return times;
    },
    release: () => executable.dispose(),
  };
}

function flowOf(task) {
  const { kind, base, bijection, features } = architectureOf(task);
  const preparation = library.standardization({ features });
  const tree = {
    base: base.parameters,
    bijection: bijection.parameters,
    preparation: preparation.parameters,
  };
  return new library.Flow({
    kind,
    base,
    bijection,
    preparation,
    contextPreparation: undefined,
    columns: Array.from({ length: features }, (_, i) => `x${i}`),
    given: [],
    precision: "float32",
    fitted: { rows: 0, seed: 0, epochs: 0, trainLogProb: 0, validationLogProb: 0, dequantized: {} },
    values: valuesOf(tree, task.hidden.length),
  });
}

async function prepare(task) {
  if (task.workload === "step") return prepareStep(task);
  if (task.workload === "fit") return prepareFit(task);
  const flow = flowOf(task);
  if (task.workload === "sample") {
    const draw = () => flow.sample(task.rows, { seed: 1, ...options });
    return { parameters: flow.parameterCount, time: eachCall(draw, ({ values }) => checkFinite(values)) };
  }
  const rows = Float64Array.from(readRows(task, task.rows));
  return { parameters: flow.parameterCount, time: eachCall(() => flow.logProb(rows, options), checkFinite) };
}

/** From the call to the first validation that reaches the target; the fit is stopped there. */
async function prepareFit(task) {
  const { columns, data, target, seconds } = task;
  const file = readFileSync(data);
  const values = new Float64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const table = library.tableFromRows(columns, values);
  return {
    // Those of the recipe for such a table.
    parameters: counted(architectureOf(task).bijection.parameters),
    async time() {
      const stop = new AbortController();
      const late = setTimeout(() => stop.abort(), 1000 * seconds);
      const from = performance.now();
      let ms;
      const onProgress = ({ validationLogProb }) => {
        if (validationLogProb < target) return;
        ms ??= performance.now() - from;
        stop.abort();
      };
      try {
        await library.fit(table, { ...options, onProgress, signal: stop.signal });
      } catch (error) {
        if (!(error instanceof library.AbortedError)) throw error;
      } finally {
        clearTimeout(late);
      }
      if (!ms) throw new Error(`not reached in ${seconds} s`);
      return [ms];
    },
  };
}

/** Whether wide kernels were asked for and are used: the first compilation tries them, and warns where they are not. */
async function isWide() {
  if (!wide) return false;
  let isRefused = false;
  process.on("warning", ({ name, message }) => {
    isRefused ||= name === "PushforwardWarning" && message.startsWith("Wide SIMD");
  });
  const trial = await library.wasmEngine(options).compile({ rows: { y: g.neg(g.input("x", [1])) } });
  trial.dispose();
  await new Promise(setImmediate);
  return !isRefused;
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
await serve({ version, wide: await isWide() }, prepare);
