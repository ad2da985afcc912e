/** Results as a table: a row a workload, a column an implementation, a line a setting of it. */
import Table from "cli-table3";
import { median } from "./measure.mjs";

const titles = {
  step: "training step",
  logProb: "log-densities",
  sample: "samples",
  fit: "fit of the demo's table",
  startup: "import to first step",
};

/** Three digits are all that a benchmark can tell. */
function duration(ms) {
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(3))} s`;
  return `${Number(ms.toPrecision(3))} ms`;
}

const thousands = (value) => value.toLocaleString("en-US");

function title({ task, results }) {
  const { workload, flow, features, batch, target } = task;
  const parameters = results[0]?.parameters;
  return [
    `${titles[workload]}, ${flow}`,
    workload === "fit" ? `to ${target} nats per row` : `${features} features, ${thousands(batch)} rows`,
    ...(parameters ? [`${thousands(parameters)} parameters`] : []),
  ].join("\n");
}

function settingOf({ runner, readings, failure }) {
  const name = `${runner.threads}${runner.wide ? " wide" : ""}:`;
  if (readings.length === 0) return `${name} ${failure ?? "-"}`;
  const spread = [Math.min(...readings), Math.max(...readings)].map(duration).join(" to ");
  return `${name} ${duration(median(readings))}\n   [${spread}]`;
}

/** The least of the medians, undefined if there is none. */
function best(results) {
  const medians = results
    .filter(({ readings }) => readings.length > 0)
    .map(({ readings }) => median(readings));
  return medians.length > 0 ? Math.min(...medians) : undefined;
}

function cell(results, own, parameters) {
  if (results.length === 0) return "";
  const lines = results.map(settingOf);
  const theirs = best(results);
  const count = results[0].parameters;
  if (results[0].runner.name !== own[0].runner.name) {
    if (count && Math.abs(count / parameters - 1) > 0.02) lines.push(`! ${thousands(count)} parameters`);
    else if (count && count !== parameters) lines.push(`${thousands(count)} parameters`);
    const plain = best(own.filter(({ runner }) => !runner.wide));
    const wide = best(own.filter(({ runner }) => runner.wide));
    if (theirs && plain)
      lines.push(`= ${ratio(theirs / plain)}${wide ? `, ${ratio(theirs / wide)} wide` : ""}`);
  }
  return lines.join("\n");
}

function ratio(value) {
  return `${value.toPrecision(value < 1 ? 2 : 3)}x`;
}

/**
 * The table.
 * @param {{ task: any, results: import("./measure.mjs").Result[] }[]} measured
 * @param {{ bytes: number, gzip: number } | undefined} bundle
 */
export function tableOf(measured, bundle) {
  const all = measured.flatMap(({ results }) => results);
  const names = [...new Set(all.map(({ runner }) => runner.name))];
  const versionOf = (name) =>
    all.find((each) => each.runner.name === name && each.about)?.about.version ?? "";
  const table = new Table({
    head: ["", ...names.map((name) => `${name}\n${versionOf(name).replace(", ", "\n")}`)],
    style: { head: [], border: [], compact: false },
  });
  for (const { task, results } of measured) {
    const own = results.filter(({ runner }) => runner.name === names[0]);
    table.push([
      title({ task, results }),
      ...names.map((name) =>
        cell(
          results.filter(({ runner }) => runner.name === name),
          own,
          results[0]?.parameters,
        ),
      ),
    ]);
  }
  if (bundle)
    table.push([
      "what a page loads\nto evaluate a model",
      `${(bundle.bytes / 1000).toFixed(0)} kB\n${(bundle.gzip / 1000).toFixed(0)} kB after gzip`,
      ...names.slice(1).map(() => ""),
    ]);
  return [
    table.toString(),
    "Numbers before the times: threads. Times: median of the rounds [least to most of them].",
    "=: the peer's better median over this library's, so many times faster this library is.",
  ].join("\n");
}
