import { readdirSync } from "node:fs";
import { defineConfig, type UserConfig } from "tsdown";

/** What can be imported: `pushforward` itself and its subpaths, each a list of names in `src/entries`. */
const entries = {
  index: "src/index.ts",
  ...Object.fromEntries(
    readdirSync("src/entries").map((file) => [file.replace(/\.ts$/, ""), `src/entries/${file}`]),
  ),
};

const shared: UserConfig = {
  format: "esm",
  target: "es2022",
  deps: { neverBundle: [/^node:/], onlyBundle: false },
};

const configurations: UserConfig[] = [
  // The library: one build for Node, browsers and bundlers. Its packages are taken in their browser builds, which
  // need no module of Node; its own code reaches Node's modules at the call (src/platform/platform.ts).
  {
    ...shared,
    entry: entries,
    // Documentation is in the types; licences of packages stay.
    outputOptions: {
      comments: { jsdoc: false, annotation: true, legal: true },
      // The parser of formulas registers what it knows at import; in a file of its own a bundler can leave it out.
      codeSplitting: { groups: [{ name: "jsep", test: /node_modules\/jsep\// }] },
    },
    platform: "browser",
    dts: true,
    publint: true,
  },
  // The command line. It loads the library from the files beside it.
  {
    ...shared,
    entry: { cli: "src/cli/main.ts" },
    platform: "node",
    fixedExtension: false,
    dts: false,
    clean: false,
    plugins: [
      {
        name: "the built library",
        resolveId: (id: string) => {
          const [, name] = /^(?:\.\.\/)+(index|entries\/\w+)\.ts$/.exec(id) ?? [];
          return name === undefined ? null : { id: `./${name.replace("entries/", "")}.js`, external: true };
        },
      },
    ],
  },
];

export default defineConfig(configurations) as UserConfig[];
