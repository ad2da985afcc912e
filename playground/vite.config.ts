import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const library = fileURLToPath(new URL("../dist/", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** The built package under its own names, as any page has it. */
const asInstalled = [
  { find: /^pushforward$/, replacement: `${library}index.js` },
  { find: /^pushforward\/(\w+)$/, replacement: `${library}$1.js` },
];

/** Lists what was built for the service worker, which keeps it for visits without a network. */
function listOfFiles(): Plugin {
  return {
    name: "list of files",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((file) => !file.endsWith(".map"));
      this.emitFile({
        type: "asset",
        fileName: "files.json",
        source: JSON.stringify(["./", "icon.svg", ...files]),
      });
    },
  };
}

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig(({ command }) => ({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // A page for any host, in any folder.
  base: "./",
  define: { libraryVersion: JSON.stringify(version), isBuilt: JSON.stringify(command === "build") },
  resolve: { alias: asInstalled, dedupe: ["preact"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  plugins: [listOfFiles()],
  server: { headers: isolation },
  preview: { headers: isolation },
}));
