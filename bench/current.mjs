/** Runs a script of this folder on the Node of `npm run bench:peers`, or on this one if it is new enough. */
import { spawnSync } from "node:child_process";
import { defaultNode } from "./implementations.mjs";

const version = spawnSync(defaultNode, ["--version"], { encoding: "utf8" }).stdout.trim();
const [major, minor] = version.slice(1).split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`This needs Node 22.18 or newer, not ${version}: npm run bench:peers sets one up.`);
  process.exit(1);
}
process.exit(spawnSync(defaultNode, process.argv.slice(2), { stdio: "inherit" }).status ?? 1);
