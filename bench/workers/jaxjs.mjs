/**
 * RealNVP on jax-js, WebAssembly back end, which has one thread in Node: the whole step with Adam is one compiled
 * function. Couplings transform one half of the features and then the other.
 */
import { checkFinite, eachCall, readRows, serve } from "./worker.mjs";

const {
  defaultDevice,
  init,
  jit,
  nn,
  numpy: np,
  random,
  tree,
  valueAndGrad,
} = await import("../peers/node_modules/@jax-js/jax/dist/index.js");
const { couplings, countOf } = await import("./couplings.mjs");

await init("wasm");
defaultDevice("wasm");

/** As many rows at a time in evaluations; all at once would move every value through memory. */
const part = 2000;

// Every function takes its arguments over: what is used again later is passed as `.ref`.

/** Shift and log scale, softly clipped as this library clips it. */
function conditioner(x, [w0, b0, w1, b1, w2, b2], moved) {
  const hidden = nn.relu(np.matmul(nn.relu(np.matmul(x, w0).add(b0)), w1).add(b1));
  const out = np.matmul(hidden, w2).add(b2);
  const raw = out.ref.slice([], [moved, 2 * moved]);
  const logScale = raw.ref.div(np.absolute(raw).div(Math.log(1000)).add(1));
  return [out.slice([], [0, moved]), logScale];
}

function logProb(parameters, x, features) {
  const half = features >> 1;
  const parts = [x.ref.slice([], [0, half]), x.slice([], [half, features])];
  let logAbsDet = np.zeros([1]);
  parameters.forEach((network, t) => {
    const [kept, moved] = t % 2 === 0 ? [0, 1] : [1, 0];
    const size = moved === 0 ? half : features - half;
    const [shift, logScale] = conditioner(parts[kept].ref, network, size);
    parts[moved] = parts[moved].mul(np.exp(logScale.ref)).add(shift);
    logAbsDet = np.sum(logScale, 1).add(logAbsDet);
  });
  const squares = parts.map((z) => np.sum(np.square(z), 1)).reduce((a, b) => a.add(b));
  return logAbsDet.sub(squares.add(features * Math.log(2 * Math.PI)).mul(0.5));
}

function push(parameters, noise, features) {
  const half = features >> 1;
  const parts = [noise.ref.slice([], [0, half]), noise.slice([], [half, features])];
  for (let t = parameters.length - 1; t >= 0; t--) {
    const [kept, moved] = t % 2 === 0 ? [0, 1] : [1, 0];
    const size = moved === 0 ? half : features - half;
    const [shift, logScale] = conditioner(parts[kept].ref, parameters[t], size);
    parts[moved] = parts[moved].sub(shift).mul(np.exp(logScale.neg()));
  }
  return np.concatenate(parts, 1);
}

async function prepareStep(task, parameters) {
  const { features, batch, batches, rate } = task;
  const rows = readRows(task, batches * batch);
  const table = Array.from({ length: batches }, (_, i) =>
    np.array(rows.slice(i * batch * features, (i + 1) * batch * features)).reshape([batch, features]),
  );
  const loss = (own, x) => np.mean(logProb(own, x, features)).neg();
  const step = jit((own, means, squares, correction1, correction2, x) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(own), x);
    const nextMeans = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), means, tree.ref(gradients));
    const nextSquares = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), squares, gradients);
    const next = tree.map(
      (p, m, v) => {
        const slope = m.mul(correction1.ref).div(np.sqrt(v.mul(correction2.ref)).add(1e-8));
        return p.sub(slope.mul(rate));
      },
      own,
      tree.ref(nextMeans),
      tree.ref(nextSquares),
    );
    correction1.dispose();
    correction2.dispose();
    return [next, nextMeans, nextSquares, value];
  });
  let own = parameters;
  let means = tree.map((p) => np.zeros(p.shape), own);
  let squares = tree.map((p) => np.zeros(p.shape), own);
  let done = 0;
  return eachCall(async () => {
    const x = table[done++ % batches].ref;
    const corrections = [0.9, 0.999].map((beta) => np.array([1 / (1 - beta ** done)]));
    let value;
    [own, means, squares, value] = step(own, means, squares, ...corrections, x);
    return value.data();
  }, checkFinite);
}

async function prepare(task) {
  if (task.flow !== "realnvp") return undefined;
  const { features } = task;
  const shapes = couplings(task);
  const parameters = shapes.map((tensors) =>
    tensors.map(({ shape, values }) => np.array(Float32Array.from(values)).reshape(shape)),
  );
  const count = countOf(shapes);
  if (task.workload === "step") return { parameters: count, time: await prepareStep(task, parameters) };
  const sizes = Array.from({ length: Math.ceil(task.rows / part) }, (_, i) =>
    Math.min(part, task.rows - i * part),
  );
  if (task.workload === "logProb") {
    const rows = readRows(task, task.rows);
    const score = jit((own, x) => logProb(own, x, features));
    const call = async () => {
      const out = new Float32Array(task.rows);
      for (const [i, size] of sizes.entries()) {
        const x = rows.slice(i * part * features, (i * part + size) * features);
        out.set(await score(tree.ref(parameters), np.array(x).reshape([size, features])).data(), i * part);
      }
      return out;
    };
    return { parameters: count, time: eachCall(call, checkFinite) };
  }
  const draw = jit((own, noise) => push(own, noise, features));
  let key = random.key(0);
  const call = async () => {
    const out = new Float32Array(task.rows * features);
    for (const [i, size] of sizes.entries()) {
      const [next, own] = random.split(key, 2);
      key = next;
      const noise = random.normal(own, [size, features]);
      out.set(await draw(tree.ref(parameters), noise).data(), i * part * features);
    }
    return out;
  };
  return { parameters: count, time: eachCall(call, checkFinite) };
}

const { readFileSync } = await import("node:fs");
const about = new URL("../peers/node_modules/@jax-js/jax/package.json", import.meta.url);
await serve({ version: JSON.parse(readFileSync(about, "utf8")).version }, prepare);
