/** How large a browser build is that loads and evaluates a model. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

/**
 * Bytes of a minified bundle of evaluate.mjs, and after gzip.
 * @returns {Promise<{ bytes: number, gzip: number }>}
 */
export async function bundleSize() {
  const outDir = mkdtempSync(join(tmpdir(), "pushforward-bundle-"));
  try {
    await build({
      config: false,
      entry: fileURLToPath(new URL("evaluate.mjs", import.meta.url)),
      outDir,
      format: "esm",
      platform: "browser",
      target: "es2022",
      minify: true,
      dts: false,
      clean: false,
      logLevel: "silent",
      deps: { alwaysBundle: [/.*/], neverBundle: [/^node:/], onlyBundle: false },
    });
    const files = readdirSync(outDir).map((name) => readFileSync(join(outDir, name)));
    return {
      bytes: files.reduce((sum, file) => sum + file.length, 0),
      gzip: files.reduce((sum, file) => sum + gzipSync(file).length, 0),
    };
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
