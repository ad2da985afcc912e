import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { nodeFlags } from "./test/nodeFlags.ts";

/** Files that replace what others would find: a module, a global of the process, a warning that comes once. */
const apart = [
  "test/engines/wasm/host.test.ts",
  "test/engines/wide.test.ts",
  "test/engines/wideTrial.test.ts",
  "test/fitting/checkpoint.test.ts",
  "test/figures/withoutRasterizer.test.ts",
  "test/fitting/compareFailure.test.ts",
  "test/formats/gzip.test.ts",
  "test/graph/newOperation.test.ts",
  "test/models/register.test.ts",
  "test/plan/checkPlan.test.ts",
  "test/tables/files.test.ts",
  "test/tables/platform.test.ts",
];

/** Files that take longest, in this order: begun early, none of them is left to one worker at the end. */
const longest = [
  "docs/runnable",
  "laws/bijections",
  "playground/test/page",
  "laws/transformers",
  "laws/architectures",
  "browser/browser",
  "fitting/gaussianization",
  "fitting/information",
  "attacks/processes",
  "fitting/continuousFits",
  "fitting/statistics",
  "fitting/variational",
  "models/density",
  "cli/packed",
  "attacks/fits",
  "models/precision",
  "fitting/hardTables",
  "cli/program",
  "fitting/variationalStops",
];

/** Files apart come first: a worker that has loaded all modules ends when the next file is one of these, and another begins cold. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      if (project.name === "apart") return -1;
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const config: ViteUserConfig = defineConfig({
  // What the playground takes from the package, as its sources.
  resolve: {
    alias: [
      { find: /^pushforward$/, replacement: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
      {
        find: /^pushforward\/(\w+)$/,
        replacement: fileURLToPath(new URL("src/entries/$1.ts", import.meta.url)),
      },
    ],
  },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["test/equalArrays.ts", "test/checkPlans.ts"],
    // One more than the cores of the smallest machine that runs them: tests wait for processes, pages and workers of their own.
    maxWorkers: 3,
    execArgv: [...nodeFlags],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        // One set of modules per worker, loaded and compiled once: a quarter less time.
        test: {
          name: "together",
          include: ["test/**/*.test.ts", "playground/test/**/*.test.ts"],
          exclude: apart,
          isolate: false,
        },
      },
      { extends: true, test: { name: "apart", include: apart } },
    ],
  },
});

export default config;
