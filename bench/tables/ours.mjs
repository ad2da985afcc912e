/** This library on a task: its default flow, and each column by itself. */
import { availableParallelism } from "node:os";
import { fit } from "../../dist/index.js";

/** Starts a clock: seconds, and seconds of processor time on all threads. */
export function stopwatch() {
  const started = performance.now();
  const used = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { seconds: (performance.now() - started) / 1000, processorSeconds: (user + system) / 1e6 };
  };
}

/** A fit with no options but the schema, and the log-densities of the test rows. */
export async function fitOurs({ schema, train, test }, { seed }) {
  const clock = stopwatch();
  const { flow } = await fit(train, { flow: "columns", schema, seed });
  const spent = clock();
  return {
    flow,
    logs: Float64Array.from(await flow.logProb(test)),
    result: { ...spent, parameters: flow.description.parameters, threads: availableParallelism() },
  };
}

/** The columns as if they were independent: a fit of each alone. */
export async function fitMarginals({ schema, columns, train, test }, { seed }) {
  const clock = stopwatch();
  const logs = new Float64Array(test.rows);
  for (const { name } of columns) {
    const { flow } = await fit(train, { flow: "columns", schema, columns: [name], seed });
    Array.from(await flow.logProb(test)).forEach((value, row) => {
      logs[row] += value;
    });
  }
  return { logs, result: clock() };
}
