/** This library on a task: its default flow, and each column by itself. */
import { availableParallelism } from "node:os";
import { fit } from "../../dist/index.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Held-out nats per row; a row of minus infinity is named, not averaged. */
async function score(flow, table) {
  const logProb = Array.from(await flow.logProb(table));
  const finite = logProb.filter(Number.isFinite);
  return { logProb: mean(finite), impossible: logProb.length - finite.length };
}

/** A fit with no options but the schema. */
export async function fitOurs({ schema, train, test }, options = {}) {
  const started = performance.now();
  const { flow } = await fit(train, { flow: "columns", schema, ...options });
  const seconds = (performance.now() - started) / 1000;
  const scored = await score(flow, test);
  return {
    flow,
    result: { ...scored, seconds, parameters: flow.description.parameters, threads: availableParallelism() },
  };
}

/** The columns as if they were independent: a fit of each alone. */
export async function fitMarginals({ schema, columns, train, test }, options = {}) {
  const started = performance.now();
  const byColumn = [];
  let impossible = 0;
  for (const { name } of columns) {
    const { flow } = await fit(train, { flow: "columns", schema, columns: [name], ...options });
    const scored = await score(flow, test);
    byColumn.push(scored.logProb);
    impossible = Math.max(impossible, scored.impossible);
  }
  const logProb = byColumn.reduce((sum, value) => sum + value, 0);
  return { logProb, impossible, byColumn, seconds: (performance.now() - started) / 1000 };
}
