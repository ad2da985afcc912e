/**
 * Runs the laws of one name: `npm run laws -- planar`. A name is that of an op, transformer, bijection, distribution, network or
 * architecture, as it is exported (or part of a test's title). Without a name all laws run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";

const folder = fileURLToPath(new URL("../test/laws/", import.meta.url));

/** The text of a test and of the tables of cases that it imports. */
function textWithCases(file) {
  const text = readFileSync(file, "utf8");
  const cases = [...text.matchAll(/from "(\.\/(?:cases\/)?\w+\.ts)"/g)]
    .map(([, path]) => join(dirname(file), path))
    .filter((path) => dirname(path).endsWith("cases"));
  return [text, ...cases.map(textWithCases)].join("\n");
}

/** The tests that speak of a name; all where none does, so that the names that there are can be told. */
function testsOf(pattern) {
  const tests = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
  const own = tests.filter((file) => pattern.test(textWithCases(join(folder, file))));
  return (own.length > 0 ? own : tests).map((file) => `test/laws/${file}`);
}

const name = process.argv.slice(2).join(" ");
const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pattern = new RegExp(`(^|\\W)${escaped}(\\W|$)`, "i");
const vitest = await startVitest("test", name === "" ? ["test/laws/"] : testsOf(pattern), {
  watch: false,
  ...(name === "" ? {} : { testNamePattern: pattern }),
});
const modules = vitest.state.getTestModules();
const titles = new Set();
let ran = 0;
for (const module of modules)
  for (const test of module.children.allTests()) {
    titles.add(/(\w[\w-]*): /.exec(test.fullName)?.[1]);
    if (test.result().state !== "skipped") ran++;
  }
await vitest.close();
if (ran === 0) {
  const known = [...titles].filter((title) => title !== undefined).sort();
  process.stderr.write(`laws: nothing is called ${JSON.stringify(name)}; there are ${known.join(", ")}.\n`);
  process.exitCode = 1;
}
