/**
 * Runs the laws of one name: `npm run laws -- planar`. A name is that of an op, transformer, bijection, distribution, network or
 * architecture, as it is exported (or part of a test's title). Without a name all laws run.
 */
import { startVitest } from "vitest/node";

const name = process.argv.slice(2).join(" ");
const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const vitest = await startVitest("test", ["test/laws/"], {
  watch: false,
  ...(name === "" ? {} : { testNamePattern: new RegExp(`(^|\\W)${escaped}(\\W|$)`, "i") }),
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
