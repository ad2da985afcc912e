/** Versions of what made a result. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const packages = [
  "arfpy",
  "lightgbm",
  "scikit-learn",
  "ctgan",
  "copulas",
  "rdt",
  "ForestDiffusion",
  "xgboost",
  "torch",
  "numpy",
];
let known;

/** Of this library, of Node.js and of the packages of the peers. */
export function versionsOf(python) {
  if (known) return known;
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const script = `import json, importlib.metadata as m; print(json.dumps({p: m.version(p) for p in ${JSON.stringify(packages)}}))`;
  const { status, stdout } = spawnSync(python, ["-c", script], { encoding: "utf8" });
  const commit = spawnSync("git", ["rev-parse", "--short=10", "HEAD"], { encoding: "utf8" }).stdout?.trim();
  known = { pushforward: version, commit, node: process.versions.node };
  if (status === 0) Object.assign(known, JSON.parse(stdout));
  return known;
}
