/**
 * `npm run bench:peers`: installs what `npm run bench` compares with, beside this file, and nothing elsewhere. What is
 * there already stays.
 *
 * It takes about 2.5 GB, most of it PyTorch, and needs python3 of version 3.11 or newer with venv.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const environment = join(folder, ".venv");
const python = join(environment, "bin/python");

function run(program, parameters) {
  execFileSync(program, parameters, { cwd: folder, stdio: "inherit" });
}

function answers(program, parameters) {
  try {
    execFileSync(program, parameters, { cwd: folder, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function pip(...parameters) {
  run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-warn-conflicts",
    ...parameters,
  ]);
}

const importsTorch = () => answers(python, ["-c", "import torch"]);

function setUpPython() {
  if (!answers("python3", ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"]))
    throw new Error("The peers in Python need python3, 3.11 or newer, with venv.");
  if (!existsSync(python)) {
    console.log("Python: a virtual environment in bench/peers/.venv");
    run("python3", ["-m", "venv", environment]);
  }
  console.log("Python: the packages of bench/peers/requirements.txt");
  pip("--no-deps", "--requirement", "requirements.txt");
  if (importsTorch()) return;
  console.log("Python: PyTorch without the several GB of CUDA that it links to");
  const inside = 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])';
  const torch = execFileSync(python, ["-c", inside], { encoding: "utf8" }).trim();
  if (answers(python, ["torch_without_cuda.py", join(torch, "lib")]) && importsTorch()) return;
  console.log("Python: that takes a C compiler and readelf; PyTorch with all of CUDA instead");
  const [version] = readFileSync(join(folder, "requirements.txt"), "utf8").match(/^torch==.*$/m);
  pip("--upgrade", "setuptools", version);
}

function setUpNode() {
  console.log("JavaScript: the packages of bench/peers/package.json, a Node among them");
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error"]);
}

const failed = [];
for (const [name, setUp] of [
  ["Python", setUpPython],
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
