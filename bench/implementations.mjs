/** What is compared: this library, and the peers that `npm run bench:peers` has set up. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const python = join(folder, "peers/.venv/bin/python");
const modules = join(folder, "peers/node_modules");

/** The Node of `npm run bench:peers`, or the one that runs this. */
export const defaultNode = existsSync(join(modules, "node/bin/node"))
  ? join(modules, "node/bin/node")
  : process.execPath;

const everyFlow = ["realnvp", "maf", "nsf", "nsf-ar"];
/** Flows of the papers' own transformers. */
const paperFlows = ["naf", "unaf", "sospf", "bpf", "ncsf", "gf"];
/** Flows besides, of those that have them. */
const furtherFlows = { normflows: ["planar", "residual"], flowjax: ["planar", "bnaf"] };
const everyWorkload = ["step", "logProb", "sample", "startup"];

/**
 * @typedef {object} Implementation
 * @property {string} name
 * @property {string} worker file of the worker.
 * @property {"node" | "python"} language
 * @property {string} [needs] folder without which it is not set up.
 * @property {readonly string[]} flows that it is compared on.
 * @property {readonly string[]} workloads that it is compared on.
 * @property {boolean} threads whether the number of threads can be chosen; it is 1 otherwise.
 * @property {boolean} [wide] whether there is a wide variant.
 */

/** @type {readonly Implementation[]} */
export const implementations = [
  {
    name: "pushforward",
    worker: "pushforward.mjs",
    language: "node",
    flows: [...everyFlow, "planar", "residual", "cnf", "flow-matching", ...paperFlows, "bnaf"],
    workloads: [...everyWorkload, "fit"],
    threads: true,
    wide: true,
  },
  {
    name: "zuko",
    worker: "zuko_worker.py",
    language: "python",
    flows: [...everyFlow, "cnf", ...paperFlows],
    workloads: [...everyWorkload, "fit"],
    threads: true,
  },
  {
    name: "torchcfm",
    worker: "torchcfm_worker.py",
    language: "python",
    flows: ["flow-matching"],
    workloads: ["step"],
    threads: true,
  },
  ...["flowjax", "normflows", "nflows"].map((name) => ({
    name,
    worker: `${name}_worker.py`,
    language: /** @type {const} */ ("python"),
    flows: [...everyFlow, ...(furtherFlows[name] ?? [])],
    workloads: name === "flowjax" ? [...everyWorkload, "fit"] : everyWorkload,
    threads: true,
  })),
  {
    name: "jax-js",
    worker: "jaxjs.mjs",
    language: "node",
    needs: "@jax-js/jax",
    flows: ["realnvp"],
    workloads: everyWorkload,
    threads: false,
  },
  {
    name: "tfjs",
    worker: "tfjs.mjs",
    language: "node",
    needs: "@tensorflow/tfjs",
    flows: ["realnvp"],
    workloads: everyWorkload,
    threads: false,
  },
];

/** Whether an implementation can be run here. */
export function isSetUp({ language, needs }) {
  if (language === "python") return existsSync(python);
  return needs === undefined || existsSync(join(modules, needs));
}

/**
 * A worker for each setting of an implementation.
 * @param {Implementation} implementation
 * @param {{ node: string, threads: readonly number[] }} how
 * @returns {Runner[]}
 */
export function runnersOf(implementation, { node, threads }) {
  const { name, worker, language, wide } = implementation;
  const settings = (implementation.threads ? threads : [1]).map((count) => ({ threads: count, wide: false }));
  if (wide) settings.push(...settings.map((setting) => ({ ...setting, wide: true })));
  return settings.map((setting) => ({
    implementation,
    name,
    ...setting,
    child: new Child(
      // Python's workers import each other, and are not to leave compiled files beside them.
      language === "python"
        ? [python, "-B", join(folder, "workers", worker)]
        : [node, join(folder, "workers", worker)],
      {
        BENCH_THREADS: String(setting.threads),
        BENCH_WIDE: setting.wide ? "1" : "",
        // Of OpenMP and MKL in PyTorch, and of XLA.
        OMP_NUM_THREADS: String(setting.threads),
        MKL_NUM_THREADS: String(setting.threads),
        NPROC: String(setting.threads),
        JAX_PLATFORMS: "cpu",
      },
    ),
  }));
}

/**
 * An implementation in one setting, with its worker.
 * @typedef {object} Runner
 * @property {Implementation} implementation
 * @property {string} name
 * @property {number} threads
 * @property {boolean} wide
 * @property {Child} child
 */
