import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * A Python that has some packages: that of this folder's `.venv` or `.venv-spark`, or of the system; undefined where there is none. To make
 * them, here: `python3 -m venv .venv && .venv/bin/pip install wasmtime numpy chdb`, and
 * `python3 -m venv .venv-spark && .venv-spark/bin/pip install onnxruntime pandas pyarrow pyspark ray`.
 */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const own = [".venv", ".venv-spark"].map((folder) => join(import.meta.dirname, folder, "bin/python"));
  return [...own, "python3", "python"].find((name) => {
    try {
      execFileSync(name, ["-c", `import ${packages.join(", ")}`], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}
