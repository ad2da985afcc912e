/**
 * The Firefox that a machine has, driven by the browser's own WebDriver BiDi: no driver beside it and no build of its own.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { firefox } from "playwright-core";

/** How to get what {@link findFirefox} looks for. */
export const remedy = "install Firefox (Debian: apt-get install firefox-esr), or name it in FIREFOX_PATH";

/** Where Firefox is, or undefined. */
export function findFirefox() {
  if (process.env.FIREFOX_PATH) return process.env.FIREFOX_PATH;
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  return ["firefox-esr", "firefox"]
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Starts Firefox, headless. */
export async function launchFirefox() {
  const executablePath = findFirefox();
  if (executablePath === undefined) throw new Error(`There is no Firefox: ${remedy}.`);
  // The channel of Mozilla's own builds is the one that speaks WebDriver BiDi.
  return await firefox.launch({ executablePath, channel: "moz-firefox" });
}
