import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Files that replace what others would find: a module, a global of the process, a warning that comes once. */
const apart = [
  "test/engines/wasm/host.test.ts",
  "test/engines/wide.test.ts",
  "test/fitting/checkpoint.test.ts",
  "test/figures/withoutRasterizer.test.ts",
  "test/fitting/compareFailure.test.ts",
  "test/formats/gzip.test.ts",
  "test/models/register.test.ts",
  "test/tables/files.test.ts",
  "test/tables/platform.test.ts",
];

const config: ViteUserConfig = defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One more than the cores of the smallest machine that runs them: tests wait for processes, pages and workers of their own.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        // One set of modules per worker, loaded and compiled once: a quarter less time.
        test: { name: "together", include: ["test/**/*.test.ts"], exclude: apart, isolate: false },
      },
      { extends: true, test: { name: "apart", include: apart } },
    ],
  },
});

export default config;
