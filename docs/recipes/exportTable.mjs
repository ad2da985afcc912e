// The matrix of exports, as `npm run exports` has found it: kind by function by target by precision.
import { readFileSync } from "node:fs";

const results = new URL("../results/exports.json", import.meta.url);

/** Largest difference of any runtime, or a mark of what is refused. */
function entry(cells, kind, what, target, precision) {
  const cell = cells.find(
    (each) =>
      each.kind === kind && each.what === what && each.target === target && each.precision === precision,
  );
  if (cell.reason) return "refused";
  const worst = Object.values(cell.worst);
  return worst.length > 0 ? asText(Math.max(...worst)) : "not run";
}

/** A difference to one digit. */
const asText = (worst) => (worst === 0 ? "0" : worst.toExponential(0));

/** Markdown of the matrix, of its runtimes, and of what is refused and why. */
export function tableOfExports() {
  const { cells, versions } = JSON.parse(readFileSync(results, "utf8"));
  const kinds = [...new Set(cells.map(({ kind }) => kind))];
  const columns = [
    ["wasm", "float64"],
    ["wasm", "float32"],
    ["onnx", "float64"],
    ["onnx", "float32"],
    ["json", "float64"],
  ];
  const lines = kinds.flatMap((kind) =>
    ["logprob", "sample", "to-base"].map(
      (what) =>
        `| \`${kind}\` | ${what} | ${columns.map(([target, precision]) => entry(cells, kind, what, target, precision)).join(" | ")} |`,
    ),
  );
  const refused = new Map();
  for (const { kind, what, target, reason, remedy } of cells)
    if (reason) {
      const key = `\`${kind}\`, ${what}: ${reason}. Instead: ${remedy}.`;
      refused.set(key, new Set([...(refused.get(key) ?? []), target]));
    }
  const runtimes = Object.entries(versions).map(
    ([name, version]) => `${name} ${version.replace(`${name} `, "")}`,
  );
  return `| kind | function | ${columns.map((column) => column.join(" ")).join(" | ")} |
| --- | --- | ${columns.map(() => "---:").join(" | ")} |
${lines.join("\n")}

Each number is the largest difference relative to max(1, |value|) over all runtimes, rows with infinite and far values among them; what is not finite is
the same. They ran in Node, in onnxruntime-node and in Python: ${runtimes.join(", ")}.

Refused:

${[...refused].map(([text, targets]) => `- ${[...targets].join(" and ")}: ${text}`).join("\n")}
`;
}
