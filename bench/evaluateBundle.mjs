/** Part of bundle.mjs: runs the bundled page on a model of each kind, and says which files that loaded. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { folder, models, kinds, points } = JSON.parse(readFileSync(0, "utf8"));
const results = [];
for (const kind of kinds) {
  globalThis.loadedFiles = [];
  try {
    const { evaluate } = await import(pathToFileURL(join(folder, kind, "page.mjs")).href);
    const found = await evaluate(readFileSync(join(models, `${kind}.safetensors`)), points);
    results.push({ kind, loaded: globalThis.loadedFiles, ...found });
  } catch (error) {
    // Not the source line, which is a whole minified file.
    console.error(`${kind}: ${error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify(results));
process.exit(0);
