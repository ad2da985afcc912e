import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Files that replace what others would find: a module, a global of the process, a warning that comes once. */
const apart = [
  "test/engines/wasm/host.test.ts",
  "test/engines/wide.test.ts",
  "test/fitting/checkpoint.test.ts",
  "test/figures/withoutRasterizer.test.ts",
  "test/fitting/compareFailure.test.ts",
  "test/formats/gzip.test.ts",
  "test/tables/files.test.ts",
  "test/tables/platform.test.ts",
];

const config: ViteUserConfig = defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: the engine's own threads need them too.
    maxWorkers: 2,
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
