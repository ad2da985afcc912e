/** The grid of workloads. */

/** The flows that are compared: transforms as in the libraries' own defaults, two hidden layers of 128 or, of residual maps, one; of planar maps, none. */
export const flows = {
  realnvp: { transforms: 8 },
  maf: { transforms: 5 },
  nsf: { transforms: 5 },
  "nsf-ar": { transforms: 5 },
  planar: { transforms: 32, hidden: [] },
  residual: { transforms: 8, hidden: [128] },
  cnf: { transforms: 1 },
  "flow-matching": { transforms: 1 },
  naf: { transforms: 3 },
  unaf: { transforms: 3 },
  // Units of each feature in each hidden layer.
  bnaf: { transforms: 2, hidden: [16, 16] },
  sospf: { transforms: 3 },
  bpf: { transforms: 3 },
  ncsf: { transforms: 3 },
  gf: { transforms: 5, hidden: [] },
};

/** Flows that are compared unless others are asked for. */
export const usualFlows = ["realnvp", "maf", "nsf", "nsf-ar", "planar", "residual", "cnf", "flow-matching"];

export const workloads = ["step", "logProb", "sample", "fit", "startup"];
export const everyFeatures = [2, 6, 16, 63];
export const everyBatch = [256, 512, 4096];

/** Rows of an evaluation, and of one in a quick run. */
const rowsOf = { whole: 100_000, quick: 2000 };

/** Batches of a training; a step takes the next of them. */
const batches = 16;

/**
 * What is fitted and how well: the demo's table, up to each of some mean log-densities of the held-out rows, in nats and data
 * units. The flow is that of this library's recipe for such a table; the rate is the peers', this library has its own
 * schedule. A Gaussian has -10.70.
 */
const fitted = {
  flow: "nsf-ar",
  features: 2,
  batch: 256,
  hidden: [64, 64],
  transforms: 4,
  bins: 16,
  rate: 1e-3,
  targets: [-9.05, -9, -8.985],
};

/**
 * Every workload of a selection, in order.
 * @param {{ workloads: readonly string[], only: readonly string[], features: readonly number[],
 *   batch: readonly number[], cap: number, quick: boolean }} selection
 * @param {import("./data.mjs").Data} data
 */
export async function tasksOf({ workloads, only, features, batch, cap, quick }, data) {
  const rows = quick ? rowsOf.quick : rowsOf.whole;
  const tasks = [];
  for (const workload of workloads) {
    if (workload === "fit") {
      const { targets, ...task } = fitted;
      if (only.includes(fitted.flow))
        for (const target of targets)
          tasks.push({ workload, ...task, target, ...(await data.demo()), seconds: cap });
      continue;
    }
    const trains = workload !== "logProb" && workload !== "sample";
    const isStart = workload === "startup";
    // An evaluation has its own number of rows, whatever the batches of a training.
    for (const flow of isStart ? only.slice(0, 1) : only)
      for (const size of isStart ? features.slice(0, 1) : features)
        for (const count of isStart ? batch.slice(0, 1) : trains ? batch : [rows])
          tasks.push({
            workload,
            flow,
            features: size,
            batch: count,
            rows: count,
            batches,
            hidden: [128, 128],
            bins: 8,
            rate: 1e-3,
            ...flows[flow],
            data: data[flow === "ncsf" ? "angles" : "rows"](
              size,
              Math.max(rows, trains ? batches * count : 0),
            ),
          });
  }
  return tasks;
}
