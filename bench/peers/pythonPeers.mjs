/** A virtual environment with the packages of a requirements file, PyTorch among them without the several GB of CUDA. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

function answers(program, parameters) {
  try {
    execFileSync(program, parameters, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Sets up `.venv` in a folder by its `requirements.txt`; what is there already stays. */
export function setUpPython(folder) {
  const environment = join(folder, ".venv");
  const python = join(environment, "bin/python");
  const requirements = join(folder, "requirements.txt");
  const run = (program, parameters) => execFileSync(program, parameters, { cwd: folder, stdio: "inherit" });
  const pip = (...parameters) =>
    run(python, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-warn-conflicts",
      ...parameters,
    ]);
  const importsTorch = () => answers(python, ["-c", "import torch"]);
  if (!answers("python3", ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"]))
    throw new Error("The peers in Python need python3, 3.11 or newer, with venv.");
  if (!existsSync(python)) {
    console.log(`Python: a virtual environment in ${environment}`);
    run("python3", ["-m", "venv", environment]);
  }
  console.log(`Python: the packages of ${requirements}`);
  pip("--no-deps", "--requirement", requirements);
  if (importsTorch()) return;
  console.log("Python: PyTorch without the several GB of CUDA that it links to");
  const inside = 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])';
  const torch = execFileSync(python, ["-c", inside], { encoding: "utf8" }).trim();
  if (answers(python, [join(here, "torch_without_cuda.py"), join(torch, "lib")]) && importsTorch()) return;
  console.log("Python: that takes a C compiler and readelf; PyTorch with all of CUDA instead");
  const [version] = readFileSync(requirements, "utf8").match(/^torch==.*$/m);
  pip("--upgrade", "setuptools", version);
}
