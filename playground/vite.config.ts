import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, defineConfig, type Plugin, type Rolldown } from "vite";

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
        source: JSON.stringify(["./", "icon.png", ...files]),
      });
    },
  };
}

/** What is seen is loaded by the first script, when it has sent for the workers; it is fetched at once, beside it. */
function preload(): Plugin {
  return {
    name: "preload",
    transformIndexHtml(_, { bundle = {}, chunk }) {
      const app = Object.values(bundle).find(
        (file) => file.type === "chunk" && file.facadeModuleId?.endsWith("/app.tsx"),
      );
      if (app?.type !== "chunk") return [];
      return [app.fileName, ...app.imports.filter((name) => name !== chunk?.fileName)].map((name) => ({
        tag: "link",
        injectTo: "head" as const,
        attrs: { rel: "modulepreload", crossorigin: true, href: `./${name}` },
      }));
    },
  };
}

/** The modules that a worker cannot begin without: those of its file, and of the files that this one imports. */
async function neededAtFirst(worker: string): Promise<ReadonlySet<string>> {
  const { output } = (await build({
    configFile: false,
    logLevel: "error",
    resolve: { alias: asInstalled },
    build: { write: false, minify: false, rolldownOptions: { input: worker } },
  })) as Rolldown.RolldownOutput;
  const chunks = output.filter((file) => file.type === "chunk");
  const files = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const needed = new Set(chunks.filter(({ isEntry }) => isEntry));
  // A set that grows while it is walked through.
  for (const { imports } of needed) for (const name of imports) needed.add(files.get(name)!);
  return new Set([...needed].flatMap(({ moduleIds }) => moduleIds));
}

/** Makes one file of them: where there are many, each waits for those that name it. */
function oneFileAtFirst(): Plugin {
  let needed: ReadonlySet<string>;
  return {
    name: "one file at first",
    async buildStart({ input }) {
      needed = await neededAtFirst([input].flat()[0] as string);
    },
    outputOptions: (options) => ({
      ...options,
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [{ name: "first", test: (id) => needed.has(id) }],
      },
    }),
    // A helper of the bundler stands in a file of its own, which would be asked for when the first has been read.
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const helper = chunks.find(({ name }) => name === "rolldown-runtime")?.code ?? "";
      const [, body, exported] = /^(.*)export\{(\w+)(?: as \w+)?\};?\s*$/s.exec(helper) ?? [];
      if (!exported) return;
      for (const chunk of chunks.filter(({ isEntry }) => isEntry))
        chunk.code = chunk.code.replace(
          /^import\{\w+ as (\w+)\}from"\.\/rolldown-runtime[^"]*";/,
          (_, name) => `const ${name}=(()=>{${body}return ${exported}})();`,
        );
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
  worker: {
    format: "es",
    plugins: () => [oneFileAtFirst()],
    // What is loaded at first need not be loaded when it is imported later: so it is meant.
    rolldownOptions: { checks: { ineffectiveDynamicImport: false, pluginTimings: false } },
  },
  plugins: [listOfFiles(), preload()],
  server: { headers: isolation },
  preview: { headers: isolation },
}));
