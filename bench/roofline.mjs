/**
 * Where the time of a workload goes, against what the machine can do: `npm run bench:roofline`.
 *
 * The peak is measured, not looked up: the engine's own dense kernel, alone, on operands that stay in the first cache.
 * Each workload then runs on one thread, inside this process, under V8's sampling profiler, which sees kernels by name.
 * Operations are those of the dense layers, two for each weight that a mask lets through, row and pass.
 *
 * It reads the sources, not the build, because it needs what the package does not export: Node 22.18 or newer.
 */
import inspector from "node:inspector/promises";
import { setFlagsFromString } from "node:v8";
import Table from "cli-table3";
import { Command } from "commander";
import { compileProgram } from "../src/engines/wasm/compileAtOnce.ts";
import { control } from "../src/engines/wasm/control.ts";
import { ModuleBuilder } from "../src/engines/wasm/emit/assembler.ts";
import { addProduct } from "../src/engines/wasm/emit/dense.ts";
import { addRandomRows } from "../src/engines/wasm/emit/randomKernel.ts";
import { hasRelaxedSimd } from "../src/engines/wasm/run/capabilities.ts";
import { meet, runJob } from "../src/engines/wasm/run/job.ts";
import { prepareProgram } from "../src/graph/program.ts";

const entries = ["architectures", "distributions", "fitting", "graph", "random"];
const modules = await Promise.all(entries.map((name) => import(`../src/entries/${name}.ts`)));
const library = Object.assign({}, ...modules);
const { ops: g } = library;
const flags = new Command("bench:roofline")
  .description("time, rate and share of the measured peak of each workload, one thread")
  .option("--only <flows>", "flows, as a,b", (text) => text.split(","), ["realnvp", "maf", "nsf", "nsf-ar"])
  .option("--workload <names>", "workloads, as a,b", (text) => text.split(","), ["step", "logProb", "sample"])
  .option("--features <numbers>", "as a,b", (text) => text.split(",").map(Number), [16])
  .option("--batch <rows>", "rows of a step", Number, 512)
  .option("--wide", "with V8's 256-bit re-vectorization", false)
  .option("--kernels <count>", "kernels to list for each workload", Number, 0)
  .option("--json", "print an array", false)
  .parse()
  .opts();

if (flags.wide) setFlagsFromString("--experimental-wasm-revectorize");
const vector = { precision: "float32", relaxed: hasRelaxedSimd(), wide: flags.wide };
const transforms = { realnvp: 8, maf: 5, nsf: 5, "nsf-ar": 5 };
const hidden = [128, 128];
const rowLength = 64;
const rowsOfEvaluation = 16384;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** GFLOP/s of the dense kernel alone: 128 by 128 weights, 64 rows. Best of many, in a quiet moment. */
async function measurePeak() {
  const size = 128;
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 8 });
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 8 });
  const shape = {
    rows: size,
    columns: rowLength,
    aRowStride: size,
    aColumnStride: 1,
    bRowStride: rowLength,
    cRowStride: rowLength,
    start: "bias",
  };
  addProduct(module, "product", shape, vector);
  const { instance } = await WebAssembly.instantiate(module.finish(), { env: { memory } });
  let best = 0;
  for (let round = 0; round < 60; round++) {
    const from = performance.now();
    for (let i = 0; i < 20; i++) instance.exports.product(1024, 131072, 262144, 393216, size);
    best = Math.max(best, (20 * 2 * size * size * rowLength) / (performance.now() - from) / 1e6);
    if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return best;
}

function architectureOf(flow, features) {
  const sizes = { features, hidden, transforms: transforms[flow] };
  if (flow === "realnvp") return library.realNVP(sizes);
  if (flow === "cnf") return library.continuousFlow({ features, hidden });
  if (flow === "flow-matching") return library.flowMatching({ features, hidden });
  if (flow === "maf") return library.maskedAutoregressiveFlow(sizes);
  return library.neuralSplineFlow({ ...sizes, autoregressive: flow === "nsf-ar", tails: "identity" });
}

/** Weights that count, a row: all dense layers of a program's forward pass, by their masks. */
function weightsOf(output) {
  let count = 0;
  const seen = new Set();
  const visit = (node, times) => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const input of node.inputs) visit(input, times);
    if (node.op === "fixedPoint") visit(node.result, times);
    if (node.op === "scan") visit(node.result, times * node.steps);
    if (node.op !== "linear" || node.space !== "row") return;
    const [, weights] = node.inputs;
    const mask = weights.op === "elementwise" && weights.inputs.find(({ op }) => op === "constant");
    const own = mask
      ? mask.data.reduce((sum, x) => sum + (x !== 0 ? 1 : 0), 0)
      : weights.shape[0] * weights.shape[1];
    count += own * times;
  };
  visit(output, 1);
  return count;
}

/** A workload in place, as a function that runs it once on this thread. */
async function prepare(workload, flow, features, rows) {
  const { base, bijection, training } = architectureOf(flow, features);
  const tree = { base: base.parameters, bijection: bijection.parameters };
  const bound = library.bindTree(tree);
  const data = g.input("data", [features]);
  const logProb = library.pushforwardLogProb(base, bijection, data, bound);
  let program;
  let output = logProb;
  if (workload === "step") {
    const parameters = Array.from(library.flattenTree(tree).keys(), (name) =>
      name.split(".").reduce((at, step) => at[step], bound),
    );
    if (training) output = training.loss(data, bound);
    const loss = g.sumRows(training ? output : g.neg(logProb));
    const gradients = library.vjp([loss], [g.constant(1)], parameters).map((sum) => g.mul(sum, 1 / rows));
    program = { sums: { loss }, updates: library.adamW(parameters, gradients).updates };
  } else {
    if (workload === "sample") output = library.pushforwardSample(base, bijection, data, bound);
    program = { rows: { output } };
  }
  const prepared = prepareProgram(program);
  const compiled = compileProgram(prepared, {
    vector,
    threads: 1,
    sharedMemory: false,
    maximumPages: 32768,
    rowLength,
    addRandomRows,
  });
  const place = Math.ceil(compiled.memoryBytes / 64) * 64;
  const bytes = place + 4 * rows * (2 * features + 2) + 1024;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: 32768 });
  const { instance } = await WebAssembly.instantiate(compiled.bytes, { env: { memory } });
  const floats = (address, length) => new Float32Array(memory.buffer, address, length);
  const stream = new library.RandomStream(library.randomKey(1));
  const values = library.initialValues(tree, library.randomKey(1));
  for (const [name, { address, size }] of compiled.parameters) {
    if (values[name]) floats(address, size).set(values[name]);
    // The last layers start at zero, the flow as the identity: nothing timed should be.
    if (values[name] && name.match(new RegExp(`(weight|bias)${hidden.length}$|out(Bias)?$`)))
      floats(address, size).forEach((_, i, list) => {
        list[i] = 0.05 * stream.normal();
      });
  }
  for (const [name, { address, size }] of compiled.stepInputs)
    floats(address, size).fill(name === "rate" ? 1e-3 : 1);
  for (const { address, data: constant } of compiled.constants)
    floats(address, constant.length).set(constant);
  for (const { address, data: table } of compiled.tables)
    new Int32Array(memory.buffer, address, table.length).set(table);
  const [input, result] = [place, place + 4 * rows * features];
  const indices = result + 4 * rows * features;
  const counts = indices + 4 * rows;
  floats(input, rows * features).forEach((_, i, list) => {
    list[i] = stream.normal();
  });
  new Int32Array(memory.buffer, indices, rows).forEach((_, i, list) => {
    list[i] = i;
  });
  new Int32Array(memory.buffer, counts, 1)[0] = rows;
  new Int32Array(memory.buffer).set([input, result], control.pointers);
  const { address: shards, size: mostShards } = compiled.shards;
  const plan = { ...compiled, shards, mostShards, hasSums: workload === "step" };
  const job = {
    steps: 1,
    counts,
    indices,
    stepInputs: [],
    sums: [],
    applyUpdates: workload === "step",
    random: { k0: 0, k1: 0, firstStep: 0, firstRow: 0 },
  };
  return {
    operations: 2 * rows * weightsOf(output) * (workload === "step" ? 3 : 1),
    run: () => Array.from(runJob(instance.exports, memory, plan, job, { thread: 0, threads: 1 }, meet)),
  };
}

/** What a kernel is for, by its label. */
function kindOf(name) {
  if (/^sumOuter/.test(name)) return "dense: weights' gradient";
  if (/^layer .*(false plain|gated)/.test(name)) return "dense: inputs' gradient";
  if (/^layer/.test(name)) return "dense: forward";
  if (/^fused row .*s(rows|shared|repeated)([2-9]|\d\d)/.test(name)) return "transformers";
  if (/^fused row/.test(name)) return "other element-wise";
  if (/^fused|^copyNumbers|shared|^matrixProduct/.test(name)) return "optimizer, masks";
  if (/^addShards|^wasm-function/.test(name)) return "clearing and adding shards";
  return "moves, sums, transpositions";
}

async function profile(run, rounds) {
  const session = new inspector.Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  for (let i = 0; i < rounds; i++) run();
  const { profile: found } = await session.post("Profiler.stop");
  session.disconnect();
  const names = new Map(found.nodes.map((node) => [node.id, node.callFrame]));
  const kernels = new Map();
  found.samples.forEach((id, i) => {
    const { functionName, url } = names.get(id);
    // What is not ours is the profiler's own.
    if (!url.startsWith("wasm:") && functionName !== "runJob") return;
    kernels.set(functionName, (kernels.get(functionName) ?? 0) + found.timeDeltas[i] / 1000 / rounds);
  });
  return kernels;
}

const peak = await measurePeak();
const results = [];
for (const features of flags.features)
  for (const flow of flags.only)
    for (const workload of flags.workload) {
      const rows = workload === "step" ? flags.batch : rowsOfEvaluation;
      const { operations, run } = await prepare(workload, flow, features, rows);
      // Optimized code comes in the background, between calls.
      for (let i = 0; i < 30; i++) {
        run();
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const times = [];
      const until = performance.now() + 1500;
      while (times.length < 5 || performance.now() < until) {
        const from = performance.now();
        run();
        times.push(performance.now() - from);
      }
      const ms = median(times);
      const kernels = await profile(run, Math.max(3, Math.ceil(500 / ms)));
      const total = [...kernels.values()].reduce((a, b) => a + b, 0);
      const shares = {};
      for (const [name, own] of kernels) shares[kindOf(name)] = (shares[kindOf(name)] ?? 0) + own / total;
      const dense = Object.entries(shares).reduce(
        (sum, [kind, own]) => sum + (kind.startsWith("dense") ? own : 0),
        0,
      );
      results.push({
        workload,
        flow,
        features,
        rows,
        wide: flags.wide,
        operations,
        medianMs: ms,
        minMs: Math.min(...times),
        gigaflops: operations / ms / 1e6,
        shareOfPeak: operations / ms / 1e6 / peak,
        denseShareOfPeak: operations / (ms * dense) / 1e6 / peak,
        shares,
        kernels: [...kernels].sort((a, b) => b[1] - a[1]).slice(0, flags.kernels),
      });
    }

if (flags.json) console.log(JSON.stringify({ peakGigaflops: peak, results }, null, 2));
else {
  console.log(
    `Peak of the dense kernel, one thread${flags.wide ? ", wide" : ""}: ${peak.toFixed(1)} GFLOP/s\n`,
  );
  const percent = (x) => `${Math.round(100 * x)} %`;
  const table = new Table({
    head: ["workload", "MFLOP", "ms", "GFLOP/s", "of peak", "dense part", "where the time goes"],
    style: { head: [], border: [] },
  });
  for (const own of results)
    table.push([
      `${own.workload} ${own.flow}, ${own.features} features, ${own.rows} rows`,
      Math.round(own.operations / 1e6),
      own.medianMs.toFixed(2),
      own.gigaflops.toFixed(1),
      percent(own.shareOfPeak),
      percent(own.denseShareOfPeak),
      Object.entries(own.shares)
        .sort((a, b) => b[1] - a[1])
        .filter(([, share]) => share >= 0.005)
        .map(([kind, share]) => `${kind} ${percent(share)}`)
        .concat(own.kernels.map(([name, ms]) => `  ${ms.toFixed(3)} ms ${name}`))
        .join("\n"),
    ]);
  console.log(table.toString());
}
