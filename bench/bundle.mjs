/** How much of a browser build is loaded by a page that loads a model of one kind and evaluates it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

const models = fileURLToPath(new URL("../test/files/models/", import.meta.url));
const runner = fileURLToPath(new URL("evaluateBundle.mjs", import.meta.url));

/**
 * Bundles evaluate.mjs, minified and split where it imports at the call; runs it once per kind, each time with no file loaded
 * yet; and weighs the files that were loaded.
 *
 * @param {readonly string[]} kinds - Names of files in test/files/models.
 * @param {readonly (readonly number[])[]} points - Rows to score.
 * @returns {Promise<{ kind: string, files: string[], bytes: number, gzip: number, logProb: number[], sample: number[] }[]>}
 *   Names of files that were loaded at a call, and bytes of all that were loaded, as they are and after gzip.
 */
export async function bundleByKind(kinds, points) {
  const folder = mkdtempSync(join(tmpdir(), "pushforward-bundle-"));
  try {
    const built = join(folder, "built");
    await build({
      config: false,
      entry: { page: fileURLToPath(new URL("evaluate.mjs", import.meta.url)) },
      outDir: built,
      format: "esm",
      platform: "browser",
      target: "es2022",
      minify: true,
      dts: false,
      logLevel: "silent",
      deps: { alwaysBundle: [/.*/], neverBundle: [/^node:/], onlyBundle: false },
      fixedExtension: true,
      // Each file says when it is loaded.
      outputOptions: { banner: "globalThis.loadedFiles?.push(import.meta.url);" },
    });
    // A copy per kind: no file of it is loaded before.
    for (const kind of kinds) cpSync(built, join(folder, kind), { recursive: true });
    const input = JSON.stringify({ folder, models, kinds, points });
    const ran = JSON.parse(execFileSync(process.execPath, [runner], { input, encoding: "utf8" }));
    return ran.map(({ loaded, ...rest }) => {
      const contents = loaded.map((url) => readFileSync(fileURLToPath(url)));
      const names = loaded.map((url) => /([^/]+)\.mjs$/.exec(url)[1].replace(/-.*/, ""));
      return {
        ...rest,
        // The bundler's few lines of its own are a file where several others need them.
        files: names.filter((name) => name !== "page" && name !== "rolldown").sort(),
        bytes: contents.reduce((sum, file) => sum + file.length, 0),
        gzip: contents.reduce((sum, file) => sum + gzipSync(file).length, 0),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The heaviest kind.
 * @returns {Promise<{ bytes: number, gzip: number }>}
 */
export async function bundleSize() {
  const { points, scores } = JSON.parse(readFileSync(join(models, "scores.json"), "utf8"));
  const all = await bundleByKind(
    // Of each kind one: with columns that are given, or as an earlier version has written it, it is no kind of its own.
    Object.keys(scores).filter((name) => !/-(given|layered)$/.test(name)),
    points,
  );
  return all.reduce((most, own) => (own.gzip > most.gzip ? own : most));
}
