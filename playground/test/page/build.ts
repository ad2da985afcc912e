/** The build of the page that the tests visit. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
/** What the build is made of: the library as it was built, the page, and what is installed. */
const made = [
  ...["dist", "playground/src", "playground/public", "playground/index.html", "playground/vite.config.ts"],
  ...["package-lock.json", "playground/package.json"],
];

/** When a file, or the newest one in a folder, was written. */
function written(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => written(join(path, name))));
}

/** Builds the page, unless it was built after all that it is made of was written, as `npm run site` does. */
export async function buildPage(): Promise<void> {
  const page = join(repository, "playground/dist/index.html");
  const newest = Math.max(...made.map((path) => written(join(repository, path))));
  if (existsSync(page) && statSync(page).mtimeMs > newest) return;
  await build({ configFile: join(repository, "playground/vite.config.ts"), logLevel: "error" });
}
