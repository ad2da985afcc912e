// The documentation site: the guides of this folder as they are, the reference from the docstrings, the examples.
import { existsSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { kindPages } from "../flows/kindPages.mjs";
import { listOfKinds } from "../flows/pageOfKind.mjs";
import { tableOfFeatures } from "../parts/features.mjs";
import { listOfParts } from "../parts/pageOfPart.mjs";
import { tableOfExports } from "../recipes/exportTable.mjs";
import { codeTheme } from "./codeTheme.mjs";
import { pageOfFile } from "./filePages.mjs";

const base = process.env.SITE_BASE ?? "/";
const docs = fileURLToPath(new URL("..", import.meta.url));
const repository = join(docs, "..");

/** Where a link of a guide leads on the site: files of the repository outside of this folder have pages, too. */
function siteLink(href, page) {
  if (/^[a-z]+:|^#|^\//i.test(href)) return href;
  const [path, anchor] = href.split("#");
  const target = normalize(join(docs, dirname(page), path));
  const inside = relative(docs, target);
  // This page is moved, and VitePress moves no links with it.
  if (inside === join("results", "README.md"))
    return anchor === undefined ? "/results/" : `/results/#${anchor}`;
  if (!inside.startsWith("..")) return href;
  if (!existsSync(target)) throw new Error(`${page}: the link ${href} leads nowhere`);
  const address = pageOfFile(relative(repository, target).replaceAll("\\", "/"));
  return anchor === undefined ? address : `${address}#${anchor}`;
}

/** The playground is no page of VitePress: its links load it anew. */
const play = { link: "/play/", target: "_self" };
// VitePress sets the site's base before links without a target alone.
const linkToPlayground = () =>
  `[**Open the playground**](${base}${play.link.slice(1)}){target="${play.target}"}`;

const guide = (text, link) => ({ text, link });

export default defineConfig({
  title: "pushforward",
  description:
    "Normalizing flows in TypeScript: fit a density to a table, score rows, draw samples, approximate posteriors.",
  // A relative address of the site's root works wherever the folder is served, if it is set at build time.
  base,
  outDir: join(repository, "site"),
  cleanUrls: true,
  // The index of the search box is one file, loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 1500 } },
  lastUpdated: false,
  rewrites: { "results/README.md": "results/index.md" },
  srcExclude: ["package.json", "api/**"],
  markdown: {
    theme: codeTheme,
    config(markdown) {
      const { parse } = markdown;
      const lists = {
        kinds: listOfKinds,
        parts: listOfParts,
        features: tableOfFeatures,
        exports: tableOfExports,
        play: linkToPlayground,
      };
      markdown.parse = (text, env) =>
        parse.call(
          markdown,
          text.replace(/<!-- (\w+) -->/, (comment, name) => lists[name]?.() ?? comment),
          env,
        );
      markdown.core.ruler.push("links out of the folder", (state) => {
        const page = state.env.relativePath ?? "";
        const original = page === "results/index.md" ? "results/README.md" : page;
        for (const token of state.tokens)
          for (const child of token.children ?? [])
            if (child.type === "link_open") child.attrSet("href", siteLink(child.attrGet("href"), original));
      });
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: [
      guide("Start", "/start"),
      guide("Flows", "/flows/"),
      { text: "Playground", ...play },
      guide("Results", "/results/"),
      guide("Reference", "/reference/"),
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          guide("A table in ten minutes", "/start"),
          guide("Command line", "/command-line"),
          guide("Playground", "/playground"),
          guide("In a browser", "/browser"),
          guide("What is imported from where", "/imports"),
        ],
      },
      {
        text: "Tutorials",
        items: [
          guide("Anomalies, explained", "/recipes/anomalies"),
          guide("Synthetic rows", "/recipes/synthetic-rows"),
          guide("Regression with intervals", "/recipes/regression"),
          guide("Serve scores", "/recipes/serving"),
          guide("Compare two fits", "/recipes/divergence"),
          guide("Gradient of log p", "/recipes/gradient"),
          guide("Small images", "/recipes/images"),
          guide("Import and export", "/recipes/import-export"),
          guide("Import from Python", "/recipes/import-python"),
          guide("Export a model", "/recipes/export"),
          guide("Score rows in ClickHouse", "/recipes/clickhouse"),
          guide("Score rows on Spark and Ray", "/recipes/spark"),
          guide("Which engine when", "/recipes/engines"),
          guide("A bijection of your own", "/examples/own-bijection"),
          guide("Posteriors", "/variational"),
          guide("Simulators", "/amortized"),
          guide("Examples", "/examples/"),
        ],
      },
      {
        text: "Tables and fits",
        items: [
          guide("Text tables", "/tables"),
          guide("Binary tables", "/binary-tables"),
          guide("Fitting a table", "/fitting"),
          guide("Questions to a fit", "/questions"),
          guide("All options", "/options"),
          guide("Errors", "/errors"),
          guide("Gradient flows", "/gradient-flow"),
        ],
      },
      {
        text: "Flows",
        collapsed: true,
        items: [
          guide("All kinds", "/flows/"),
          ...kindPages.map(({ kind, title }) => guide(title, `/flows/${kind}`)),
          guide("Residual flows in depth", "/residual"),
          guide("Continuous flows in depth", "/continuous"),
        ],
      },
      {
        text: "Parts of flows",
        collapsed: true,
        items: [guide("All parts", "/parts/"), guide("What other libraries have", "/parts/features")],
      },
      {
        text: "How it works",
        items: [
          guide("Engine", "/engine"),
          guide("Solvers", "/solvers"),
          guide("Model format", "/model-format"),
          guide("Performance", "/performance"),
          guide("Literature", "/literature"),
          guide("Dependencies", "/dependencies"),
        ],
      },
      {
        text: "Results",
        items: [
          guide("Held-out likelihoods", "/results/tables"),
          guide("Mixed tables", "/results/mixed-tables"),
          guide("Anomalies", "/results/anomalies"),
          guide("What was tried", "/results/trials"),
          guide("Tables and posteriors", "/results/"),
          guide("Amortized", "/results/amortized"),
        ],
      },
      {
        text: "Reference",
        items: [
          guide("Library", "/reference/"),
          guide("Changes", "/source/CHANGELOG"),
          guide("Contributing", "/source/CONTRIBUTING"),
        ],
      },
    ],
  },
});
