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

/** Files that take longest, in this order: begun first, none of them is left to one worker at the end. */
const longest = [
  "docs/runnable",
  "laws/bijections",
  "laws/transformers",
  "fitting/gaussianization",
  "laws/architectures",
  "fitting/variational",
  "fitting/continuousFits",
  "fitting/information",
  "fitting/statistics",
  "fitting/hardTables",
  "models/density",
  "cli/program",
  "attacks/processes",
  "attacks/posteriors",
  "browser/browser",
  "page",
  "fitting/variationalStops",
  "cli/packed",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
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
