/**
 * RealNVP on TensorFlow.js: its WebAssembly back end, which has SIMD and, in Node, one thread; eager, with its own
 * Adam. Its back end for Node downloads a binary as it is installed, and is not compared with.
 */
import { createRequire } from "node:module";
import { checkFinite, eachCall, readRows, serve } from "./worker.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");
const { couplings, countOf } = await import("./couplings.mjs");

if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js has no WebAssembly here");
await tf.ready();

/** As many rows at a time in evaluations; all at once would move every value through memory. */
const part = 2000;

function conditioner(x, [w0, b0, w1, b1, w2, b2], moved) {
  const hidden = tf.relu(tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(x, w0), b0)), w1), b1));
  const [shift, raw] = tf.split(tf.add(tf.matMul(hidden, w2), b2), [moved, moved], 1);
  // Softly clipped as this library clips it.
  return [shift, tf.div(raw, tf.add(tf.div(tf.abs(raw), Math.log(1000)), 1))];
}

function logProb(parameters, x, features) {
  const half = features >> 1;
  const parts = tf.split(x, [half, features - half], 1);
  let logAbsDet = tf.zeros([x.shape[0]]);
  parameters.forEach((network, t) => {
    const [kept, moved] = t % 2 === 0 ? [0, 1] : [1, 0];
    const [shift, logScale] = conditioner(parts[kept], network, parts[moved].shape[1]);
    parts[moved] = tf.add(tf.mul(parts[moved], tf.exp(logScale)), shift);
    logAbsDet = tf.add(logAbsDet, tf.sum(logScale, 1));
  });
  const squares = tf.sum(tf.square(tf.concat(parts, 1)), 1);
  return tf.sub(logAbsDet, tf.mul(tf.add(squares, features * Math.log(2 * Math.PI)), 0.5));
}

function push(parameters, noise, features) {
  const half = features >> 1;
  const parts = tf.split(noise, [half, features - half], 1);
  for (let t = parameters.length - 1; t >= 0; t--) {
    const [kept, moved] = t % 2 === 0 ? [0, 1] : [1, 0];
    const [shift, logScale] = conditioner(parts[kept], parameters[t], parts[moved].shape[1]);
    parts[moved] = tf.mul(tf.sub(parts[moved], shift), tf.exp(tf.neg(logScale)));
  }
  return tf.concat(parts, 1);
}

/** The numbers of a tensor that `make` computes; all others on the way are given back. */
async function numbers(make) {
  const tensor = tf.tidy(make);
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

async function prepare(task) {
  if (task.flow !== "realnvp") return undefined;
  const { features, batch, batches, rate } = task;
  const shapes = couplings(task);
  const parameters = shapes.map((tensors) =>
    tensors.map(({ shape, values }) => tf.variable(tf.tensor(Float32Array.from(values), shape))),
  );
  const count = countOf(shapes);
  const prepared = (call) => ({
    parameters: count,
    time: eachCall(call, checkFinite),
    release: () => tf.disposeVariables(),
  });
  if (task.workload === "step") {
    const rows = readRows(task, batches * batch);
    const table = Array.from({ length: batches }, (_, i) =>
      tf.tensor(rows.slice(i * batch * features, (i + 1) * batch * features), [batch, features]),
    );
    const optimizer = tf.train.adam(rate);
    let done = 0;
    return prepared(() => {
      const x = table[done++ % batches];
      return numbers(() => optimizer.minimize(() => tf.neg(tf.mean(logProb(parameters, x, features))), true));
    });
  }
  const sizes = Array.from({ length: Math.ceil(task.rows / part) }, (_, i) =>
    Math.min(part, task.rows - i * part),
  );
  if (task.workload === "logProb") {
    const rows = readRows(task, task.rows);
    return prepared(async () => {
      const out = new Float32Array(task.rows);
      for (const [i, size] of sizes.entries()) {
        const x = rows.subarray(i * part * features, (i * part + size) * features);
        out.set(await numbers(() => logProb(parameters, tf.tensor(x, [size, features]), features)), i * part);
      }
      return out;
    });
  }
  return prepared(async () => {
    const out = new Float32Array(task.rows * features);
    for (const [i, size] of sizes.entries())
      out.set(
        await numbers(() => push(parameters, tf.randomNormal([size, features]), features)),
        i * part * features,
      );
    return out;
  });
}

await serve({ version: tf.version.tfjs }, prepare);
