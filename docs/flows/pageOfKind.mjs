// The page of a kind of flow, from its row in kindPages.mjs, the heads of its source files and its docstring.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commentAsMarkdown, docstringIn, headOf, sourceText } from "../sourceComments.mjs";
import { kindPages } from "./kindPages.mjs";

const architectures = fileURLToPath(new URL("../../src/architectures", import.meta.url));

/** What the docstring of an architecture says. */
function docstringOf(name) {
  const files = readdirSync(architectures, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((file) => file.endsWith(".ts"))) {
    const docstring = docstringIn(sourceText(`architectures/${file.replace(/\.ts$/, "")}`), name);
    if (docstring) return commentAsMarkdown(docstring);
  }
  throw new Error(`no file of src/architectures exports ${name}`);
}

/** A program that fits this kind; the tests run it. */
export function exampleOf({ kind, architecture, example }) {
  if (example) return example;
  const length = architecture ? ", epochs: 5" : "";
  const note = architecture ? " // leave `epochs` out for a whole training" : "";
  return `import { fit, tableFromRows } from "pushforward";
import { RandomStream, randomKey } from "pushforward/random";

const stream = new RandomStream(randomKey(1));
const arc = Array.from({ length: 300 }, () => {
  const angle = Math.PI * stream.uniform();
  return [Math.cos(angle) + 0.1 * stream.normal(), Math.sin(angle) + 0.1 * stream.normal()];
});
const table = tableFromRows(["x", "y"], arc);

const { flow } = await fit(table, { flow: "${kind}", seed: 1${length} });${note}
const places = tableFromRows(["x", "y"], [[0, 1], [0, -1]]);
const [onTheArc, farFromIt] = await flow.logProb(places); // nats
console.log(onTheArc > farFromIt); // prints true
const samples = await flow.sample(100, { seed: 2 });
console.log(samples.rows); // prints 100
`;
}

/** Markdown of the page. */
export function pageOfKind(page) {
  const { kind, title, architecture, options, fit, papers, src, when, limits, density, sample, guide } = page;
  const links = papers.map(([name, address]) => `[${name}](${address})`).join(", ");
  const call = `\`flow: "${kind}"\`, or \`--flow ${kind}\` on the command line`;
  const custom = architecture
    ? `
## Your own sizes

\`\`\`ts
await fit(table, { flow: (sizes) => ${architecture}({ ...sizes, ${options ? `${options}, ` : ""}transforms: 6 })${fit ? `, ${fit}` : ""} });
\`\`\`

${docstringOf(architecture)} All its options: [${architecture}](/reference/pushforward/architectures/functions/${architecture}).
`
    : "";
  return `# ${title}

![Density of this kind, fitted to 2,000 pairs of backbone angles](/flows/${kind}.png){.density}

Its density, fitted to 2,000 pairs of protein backbone angles (phi to the right, psi up); darker is denser.

*${call}.*${links ? ` ${links}.` : ""}

## When to use it

${when}

${limits}

|             | cost       |
| ----------- | ---------- |
| a density   | ${density} |
| a sample    | ${sample} |
${guide ? `\nMore about it: [the guide](${guide}).\n` : ""}
## Example

\`\`\`ts
${exampleOf(page)}\`\`\`
${custom}
## Mathematics

*From ${src.map((file) => `\`src/${file}.ts\``).join(" and ")}, where it is implemented.*

${src.map(headOf).join("\n\n---\n\n")}
`;
}

/** The list of all kinds. */
export function listOfKinds() {
  const table = (pages) =>
    [
      "| kind | paper | a density costs | a sample costs |",
      "| --- | --- | --- | --- |",
      ...pages.map(
        ({ kind, title, papers, density, sample }) =>
          `| [${title}](/flows/${kind}), \`${kind}\` | ${papers.map(([name, address]) => `[${name}](${address})`).join(", ")} | ${density} | ${sample} |`,
      ),
    ].join("\n");
  return `## Trained by gradient

${table(kindPages.filter(({ architecture }) => architecture))}

All of these can be conditional: name the columns in \`given\`.

## Fitted without gradients

${table(kindPages.filter(({ architecture }) => !architecture))}
`;
}
