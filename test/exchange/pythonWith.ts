import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * A Python that has some packages: that of this folder's `.venv`, or of the system; undefined where there is none. To make it, here:
 * `python3 -m venv .venv && .venv/bin/pip install wasmtime numpy chdb`.
 */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const own = join(import.meta.dirname, ".venv/bin/python");
  return [own, "python3", "python"].find((name) => {
    try {
      execFileSync(name, ["-c", `import ${packages.join(", ")}`], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}
