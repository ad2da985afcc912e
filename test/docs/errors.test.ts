import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("each code of an error is documented with its class, and no other", () => {
  const source = readFileSync(join(root, "src/errors.ts"), "utf8");
  const made = [...source.matchAll(/name = "(\w+)";\s+readonly code = "(\w+)"/g)].map(
    ([, name, code]) => `${code} ${name}`,
  );
  const page = readFileSync(join(root, "docs/errors.md"), "utf8");
  const documented = [...page.matchAll(/^\| `(\w+)` *\| `(\w+)` *\|/gm)].map(
    ([, code, name]) => `${code} ${name}`,
  );
  expect(made).toHaveLength(6);
  expect(documented.sort()).toEqual(made.sort());
});
