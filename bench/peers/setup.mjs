/**
 * `npm run bench:peers`: installs what `npm run bench` compares with, beside this file, and nothing elsewhere. What is
 * there already stays.
 *
 * It takes about 2.5 GB, most of it PyTorch, and needs python3 of version 3.11 or newer with venv.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUpPython } from "./pythonPeers.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));

function setUpNode() {
  console.log("JavaScript: the packages of bench/peers/package.json, a Node among them");
  const run = (/** @type {string[]} */ ...command) =>
    execFileSync("npm", [...command, "--loglevel", "error"], { cwd: folder, stdio: "inherit" });
  run("install", "--no-audit", "--no-fund");
  // The package `node` gets its binary by a script of its own, and the project runs none unless asked.
  run("rebuild", "node", "--ignore-scripts=false");
}

const failed = [];
for (const [name, setUp] of [
  ["Python", () => setUpPython(folder)],
  ["JavaScript", setUpNode],
])
  try {
    setUp();
  } catch (error) {
    failed.push(`${name}: ${error.message}`);
  }
for (const each of failed) console.error(each);
if (failed.length === 0) console.log("done: npm run bench");
process.exitCode = failed.length === 0 ? 0 : 1;
