/**
 * The built library in headless Chromium: what the tests of this folder and bench/browser.mjs share.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const dist = new URL("../../dist/", import.meta.url);

/** How to get what {@link findChromium} looks for. */
export const remedy = "install Chromium (Debian: apt-get install chromium), or name it in CHROMIUM_PATH";

/** Where Chromium is, or undefined. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Headers of a page that may share memory between threads. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const types = { js: "text/javascript", html: "text/html" };
const html = `<!doctype html><link rel="icon" href="data:,"><script type="module">
const entries = ["index", "architectures", "distributions", "engines", "fitting", "graph", "random"];
const modules = await Promise.all(entries.map((name) => import("/dist/" + name + ".js")));
globalThis.pushforward = Object.assign({}, ...modules);
</script>`;

/**
 * Parts of Chromium that are off: two panels of its own below the address, which it loads for each page that opens and nobody sees (most
 * of the processor time of a small page), and what Playwright has off, whose list this one takes the place of.
 */
const disabledFeatures = [
  ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
  ...[
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "GlobalMediaControls",
  ],
  ...["HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"],
  ...["PaintHolding", "ThirdPartyStoragePartitioning", "Translate"],
];

/** Starts Chromium, headless. */
export async function launchChromium() {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(`There is no Chromium: ${remedy}.`);
  return await chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--disable-features=${disabledFeatures.join(",")}`,
    ],
  });
}

/**
 * Serves the built library and starts the browser. `open` opens a page that has the library as `pushforward`.
 *
 * @param files - Further files, by path.
 */
export async function startBrowser(files = {}) {
  const browser = await launchChromium();
  const server = createServer(async ({ url }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const headers = { ...(searchParams.has("isolated") ? isolation : {}) };
    const policy = searchParams.get("policy");
    if (policy) headers["Content-Security-Policy"] = policy;
    try {
      const name = pathname.match(/^\/dist\/([\w-]+\.js)$/)?.[1];
      const content = pathname === "/" ? html : name ? await readFile(new URL(name, dist)) : files[pathname];
      if (content === undefined) throw new Error(`There is no ${pathname}.`);
      const type = types[pathname === "/" ? "html" : name ? "js" : ""] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "Content-Type": type }).end(content);
    } catch (error) {
      response.writeHead(404).end(error.message);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    async open({ isolated = false, policy } = {}) {
      const query = new URLSearchParams({ ...(isolated && { isolated: "" }), ...(policy && { policy }) });
      const page = await browser.newPage();
      const failures = [];
      page.on("pageerror", (error) => failures.push(error.message));
      await page.goto(`${origin}/?${query}`);
      await page
        .waitForFunction(() => "pushforward" in globalThis, undefined, { timeout: 20_000 })
        .catch((error) => {
          throw new Error(`The page has no library: ${failures.join("; ") || error.message}`);
        });
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
