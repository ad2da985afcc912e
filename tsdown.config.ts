import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { defineConfig, type UserConfig } from "tsdown";

/** What can be imported: `pushforward` itself and its subpaths, each a list of names in `src/entries`. */
const entries = {
  index: "src/index.ts",
  ...Object.fromEntries(
    readdirSync("src/entries").map((file) => [file.replace(/\.ts$/, ""), `src/entries/${file}`]),
  ),
};

interface Modules {
  getModuleInfo(
    id: string,
  ): { importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] } | null;
}

/** A module and what it imports when it is loaded. */
function closureOf(id: string, modules: Modules, seen = new Set<string>()): Set<string> {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) closureOf(imported, modules, seen);
  return seen;
}

/** Modules that belong in one file, by the file's name. */
let chunks: ReadonlyMap<string, string> | undefined;

/**
 * The file that a module belongs in, for what a bundler cannot find out: it takes a file whole, or what it uses of it. One
 * file has what every loaded flow needs; a family that `load` imports when a model has it is a file with what no other needs.
 * Packages that do something at import (jsep registers what it knows, ml-matrix is CommonJS) are files of their own. All else
 * that the library loads at once is one file, so that it loads fast.
 */
function chunkOf(id: string, modules: Modules): string | null {
  chunks ??= chunksOf(modules);
  return chunks.get(id) ?? /node_modules\/([^/]+)\//.exec(id)?.[1] ?? null;
}

function chunksOf(modules: Modules): Map<string, string> {
  const result = new Map<string, string>();
  const place = (ids: Iterable<string>, name: string): void => {
    for (const id of ids) if (!result.has(id)) result.set(id, name);
  };
  const flow = resolve("src/models/flow.ts");
  const evaluation = closureOf(flow, modules);
  const nameOf = (id: string): string => basename(/readers\.ts$/.test(id) ? dirname(id) : id, ".ts");
  const calledBy = (id: string): readonly string[] => modules.getModuleInfo(id)?.dynamicallyImportedIds ?? [];
  const direct = [...evaluation].flatMap(calledBy);
  const called = [
    ...direct,
    ...direct.flatMap(calledBy).filter((id) => /(readers|programName)\.ts$/.test(id)),
  ];
  // What users write is in models of theirs alone: no other family is arranged by it.
  const isWritten = (id: string): boolean => /transformers.formula.readers/.test(id);
  const families = called.filter((id) => !isWritten(id));
  const closures = families.map((id) => closureOf(id, modules));
  // What the command line needs before it knows what to do is light, and apart: errors, files and options.
  const light = ["errors", "files", "options"].flatMap((name) => {
    const id = resolve(`src/entries/${name}.ts`);
    return [...closureOf(id, modules)].filter((own) => own !== id);
  });
  // What the library imports at the call stays apart from what it has at once: a page that never opens a file loads none of it.
  const others = (family: number): readonly Set<string>[] => [
    evaluation,
    ...closures.filter((_, i) => i !== family),
  ];
  families.forEach((id, i) => {
    if (!light.includes(id)) return;
    const alone = [...closures[i]!].filter((needed) => !others(i).some((closure) => closure.has(needed)));
    place([id, ...alone], `${basename(id, ".ts")}AtCalls`);
  });
  const ofModels = closures.filter((_, i) => /readers\.ts$/.test(families[i]!));
  place(
    light.filter((id) => [evaluation, ...ofModels].some((closure) => closure.has(id))),
    "basis",
  );
  // What is imported at calls alone has in common what such calls need: a page that only evaluates does not load it.
  place(
    light.filter((id) => closures.some((closure) => closure.has(id))),
    "basisAtCalls",
  );
  place(evaluation, "evaluation");
  const isRare = (id: string): boolean =>
    /(transformers.\w+|distributions.(uniform|independent|joint|composed)|bijections.(domains|matrices|orthogonal)).readers\.ts$/.test(
      id,
    );
  // What a rare family needs and the library has at once, too, is not in the family's file: the library would load it all.
  const atOnce = closureOf(resolve("src/index.ts"), modules);
  // A file is loaded whole: where the library needs one map of a family, it has what the others need.
  families.forEach((id, i) => {
    if (![...closures[i]!].some((own) => own.startsWith(dirname(id)) && atOnce.has(own))) return;
    for (const own of closures[i]!) atOnce.add(own);
  });
  const isElsewhere = (own: string, family: string): boolean =>
    isRare(family) && atOnce.has(own) && !own.startsWith(dirname(family));
  // The rarest bases, and rare matrices, take from a family what that family has in its own file.
  const takesFrom = (taker: string, family: string): boolean =>
    /distributions.(independent|joint|composed)/.test(taker)
      ? !isRare(family)
      : /bijections.matrices/.test(taker) && /bijections.orthogonal/.test(family);
  families.forEach((id, i) => {
    const alone = [...closures[i]!].filter((own) =>
      closures.every((other, j) => i === j || !other.has(own) || takesFrom(families[j]!, id)),
    );
    place(
      alone.filter((own) => !isElsewhere(own, id)),
      nameOf(id),
    );
  });
  // What several families need: a model of one of them does not load what the rarer transformers have in common.
  for (const id of closures.flatMap((closure) => [...closure])) {
    const all = families.filter((_, i) => closures[i]!.has(id));
    const users = all.filter((family) => !isRare(family));
    const usualOnes = all.every((family) => /distributions/.test(family)) ? "rareBases" : "rareMaps";
    const ofRareOnes = atOnce.has(id) ? usualOnes : "rarestMaps";
    place([id], users.length > 1 ? "parts" : users.length === 1 ? `${nameOf(users[0]!)}Parts` : ofRareOnes);
  }
  // The library reads formulas at once: what it has of these is a file, which a page loads that needs it, and the rest is another.
  const written = called.filter(isWritten).flatMap((id) => [...closureOf(id, modules)]);
  place(
    written.filter((id) => atOnce.has(id) && !id.includes("node_modules")),
    "formula",
  );
  place(
    written.filter((id) => !id.includes("node_modules")),
    "formulaMaps",
  );
  place(light, "options");
  const index = resolve("src/index.ts");
  const library = [...closureOf(index, modules)].filter((id) => id !== index && !id.includes("node_modules"));
  const atCalls = (id: string): readonly string[] => modules.getModuleInfo(id)!.dynamicallyImportedIds;
  // What is imported at one call and at once elsewhere is a file: imported at a call, a file is kept whole.
  for (const id of [...library, ...closures.flatMap((closure) => [...closure])].flatMap(atCalls))
    if (library.includes(id) && !result.has(id)) place(closureOf(id, modules), basename(id, ".ts"));
  // What imports at the call is apart from what such an import needs: else a bundler that sees the one keeps all the others.
  const isLoading = (id: string): boolean =>
    [...closureOf(id, modules)].some((own) => !result.has(own) && atCalls(own).length > 0);
  place(
    library.filter((id) => !result.has(id) && !isLoading(id)),
    "library",
  );
  place(library, "calls");
  // What an entry has at once and another file imports at the call would else be in the entry, and add to its names.
  const calls = new Set<string>();
  const atOnceInEntries = Object.values(entries).flatMap((file) => [...closureOf(resolve(file), modules)]);
  const open = [...new Set([...library, ...result.keys(), ...atOnceInEntries])].flatMap(atCalls);
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const called of closureOf(id, modules))
      if (!calls.has(called)) {
        calls.add(called);
        open.push(...atCalls(called));
      }
  // Of these, too, what imports at the call is apart from what such an import needs.
  for (const isApart of [false, true])
    for (const path of Object.values(entries).map((file) => resolve(file)))
      place(
        [...closureOf(path, modules)].filter(
          (id) => id !== path && calls.has(id) && !id.includes("node_modules") && (isApart || !isLoading(id)),
        ),
        isApart ? "sharedCalls" : "shared",
      );
  return result;
}

/** What tells builds apart: the version, and all that is built. */
function build(): string {
  const hash = createHash("sha256");
  const files = readdirSync("src", { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort())
    hash.update(path).update(readFileSync(path));
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  return `${version} ${hash.digest("hex")}`;
}

const shared: UserConfig = {
  define: { pushforwardBuild: JSON.stringify(build()) },
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
      codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunkOf }] },
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
