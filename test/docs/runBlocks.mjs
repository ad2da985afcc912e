/**
 * Runs modules one after another in one process, each in its own folder; prints a JSON array of `{ printed }`, the lines of its
 * console, or `{ error }`. One process, because most of the time of a small fit is that of code which runs for the first time.
 */
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const results = [];
const { log } = console;
for (const path of process.argv.slice(2)) {
  process.chdir(dirname(path));
  const printed = [];
  console.log = (...parts) => printed.push(...format(...parts).split("\n"));
  try {
    await import(pathToFileURL(path).href);
    results.push({ printed });
  } catch (error) {
    results.push({ error: String(error?.stack ?? error) });
  }
}
log(JSON.stringify(results));
