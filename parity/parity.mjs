/**
 * `npm run parity [-- --seed 7 --count 20 --only zuko]`: builds models of the Python libraries anew, with other seeds, and compares
 * their imports with them; with `--trained` it trains one of each library, and compares held-out likelihoods. Python is that of PARITY_PYTHON, or of an environment that is made in parity/.venv.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const here = import.meta.dirname;
const libraries = ["zuko", "nflows", "normflows", "flowjax"];

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    count: { type: "string", default: "5" },
    trained: { type: "boolean", default: false },
    only: { type: "string", default: libraries.join(",") },
  },
});

const run = (program, args, options) => execFileSync(program, args, { stdio: "inherit", ...options });

function pythonPath() {
  if (process.env.PARITY_PYTHON) return process.env.PARITY_PYTHON;
  const folder = join(here, ".venv");
  const python = join(folder, "bin", "python");
  if (!existsSync(python)) {
    run("python3", ["-m", "venv", folder]);
    run(python, ["-m", "pip", "install", "--quiet", "-r", join(here, "requirements.txt")]);
  }
  return python;
}

const python = pythonPath();
const folder = mkdtempSync(join(tmpdir(), "parity-"));
try {
  console.log(`seed ${values.seed}`);
  if (values.trained) run(python, ["trained.py", "--out", folder, "--seed", values.seed], { cwd: here });
  for (const library of values.trained ? [] : values.only.split(","))
    run(
      python,
      [
        "make.py",
        "--library",
        library,
        "--out",
        folder,
        "--seed",
        values.seed,
        "--count",
        values.count,
        "--exported",
      ],
      { cwd: here },
    );
  run(process.execPath, [join(here, values.trained ? "trained.mjs" : "compare.mjs"), folder]);
} finally {
  rmSync(folder, { recursive: true });
}
