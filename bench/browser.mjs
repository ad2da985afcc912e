/**
 * Milliseconds of a training step in headless Chromium, on a cross-origin isolated page, beside the same in Node.
 * Rounds alternate between the two, so that what else the machine does meets both.
 *
 *     npm run bench:browser -- [--node PATH] [--threads 2] [--rounds 9]
 *
 * `--node` is the Node to compare with (default: the one that runs this); the limit of the ratio, 1.3, is meant for
 * one with relaxed SIMD. Needs the built library, and Chromium (CHROMIUM_PATH).
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startBrowser } from "../test/browser/chromium.mjs";

const cases = [
  { name: "realnvp 8", flow: "realNVP", transforms: 8 },
  { name: "nsf-ar 5", flow: "neuralSplineFlow", transforms: 5, autoregressive: true },
];

/** Compiles the training of a flow and makes `round()`, the milliseconds a step. Runs on the page and in Node. */
async function prepare({ flow, threads, ...options }) {
  const {
    adamW,
    bindTree,
    initialValues,
    ops,
    pushforwardLogProb,
    RandomStream,
    randomKey,
    vjp,
    wasmEngine,
  } = globalThis.pushforward;
  const features = 16;
  const batch = 512;
  const { base, bijection } = globalThis.pushforward[flow]({ features, hidden: [128, 128], ...options });
  const tree = { base: base.parameters, bijection: bijection.parameters };
  const bound = bindTree(tree);
  const leaves = (node) => (typeof node.op === "string" ? [node] : Object.values(node).flatMap(leaves));
  const parameters = leaves(bound);
  const logProb = pushforwardLogProb(base, bijection, ops.input("data", [features]), bound);
  const loss = ops.sumRows(ops.neg(logProb));
  const gradients = vjp([loss], [ops.constant(1 / batch)], parameters);
  const { updates, norm } = adamW(parameters, gradients, {});
  const executable = await wasmEngine({ threads }).compile({ sums: { loss, norm }, updates });
  await executable.setParameters(initialValues(tree, randomKey(1)));
  const stream = new RandomStream(randomKey(2));
  const rows = 8 * batch;
  const data = Float64Array.from({ length: rows * features }, () => stream.normal());
  await executable.load({ rows, inputs: { data } });
  globalThis.round = async (steps) => {
    const each = (value) => new Float64Array(steps).fill(value);
    const job = {
      indices: Uint32Array.from({ length: steps * batch }, (_, i) => (i * 977) % rows),
      counts: new Array(steps).fill(batch),
      stepInputs: { rate: each(1e-4), correction1: each(1), correction2: each(1), averageShare: each(0.01) },
    };
    const start = performance.now();
    const sums = await executable.step(job);
    const duration = (performance.now() - start) / steps;
    if (!sums.loss.every(Number.isFinite)) throw new Error("The loss is not finite.");
    return duration;
  };
}

if (process.send) {
  const entries = ["index", "architectures", "distributions", "engines", "fitting", "graph", "random"];
  const modules = await Promise.all(entries.map((name) => import(`../dist/${name}.js`)));
  globalThis.pushforward = Object.assign({}, ...modules);
  const calls = { prepare, round: (steps) => globalThis.round(steps) };
  process.on("message", async ({ call, argument }) => process.send({ value: await calls[call](argument) }));
} else await main();

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: "string", default: process.execPath },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "9" },
    },
  });
  const threads = Number(values.threads);
  const steps = 40;
  const browser = await startBrowser();
  const page = await browser.open({ isolated: true });
  const child = fork(fileURLToPath(import.meta.url), { execPath: values.node, execArgv: [] });
  const ended = new Promise((_, reject) => {
    child.once("exit", () => reject(new Error("The process of Node ended.")));
  });
  const inNode = (call, argument) => {
    const answered = new Promise((resolve) => child.once("message", ({ value }) => resolve(value)));
    child.send({ call, argument });
    return Promise.race([answered, ended]);
  };
  const inChromium = (count) => page.evaluate((own) => globalThis.round(own), count);
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
  try {
    console.log(
      `ms a training step, D = 16, batch 512, hidden 128 x 2, ${threads} threads, median of rounds`,
    );
    for (const { name, ...flow } of cases) {
      await page.evaluate(prepare, { ...flow, threads });
      await inNode("prepare", { ...flow, threads });
      const times = { chromium: [], node: [] };
      for (let round = -1; round < Number(values.rounds); round++) {
        const chromium = await inChromium(steps);
        const node = await inNode("round", steps);
        // The first round lets the compilers settle.
        if (round < 0) continue;
        times.chromium.push(chromium);
        times.node.push(node);
      }
      const [chromium, node] = [median(times.chromium), median(times.node)];
      console.log(
        `${name.padEnd(10)} Chromium ${chromium.toFixed(2)}  Node ${node.toFixed(2)}  ratio ${(chromium / node).toFixed(2)}`,
      );
    }
  } finally {
    child.removeAllListeners("exit");
    child.kill();
    await browser.close();
  }
}
