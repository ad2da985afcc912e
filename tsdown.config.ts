import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", cli: "src/cli/main.ts" },
  format: "esm",
  platform: "neutral",
  target: "es2022",
  dts: { entry: "src/index.ts" },
  external: [/^node:/, "@resvg/resvg-js"],
  inlineOnly: false,
  publint: true,
});
