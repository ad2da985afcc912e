/**
 * An evaluation in words.
 *
 * @module
 */

import { refuse } from "../../options.ts";
import { optionText } from "../../optionText.ts";
import type { PairAssociation } from "./associations.ts";
import { type Evaluation, type HeldOutScore, privacyWarning } from "./evaluate.ts";

const count = (value: number): string => value.toLocaleString("en-US");
const fixed = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? "-" : value.toFixed(digits).replace(/^-(0\.0*)$/, "$1");
const percent = (share: number): string => {
  const value = 100 * share;
  return `${value > 0 && value < 0.1 ? value.toPrecision(1) : Number(value.toFixed(value < 10 ? 1 : 0))} %`;
};
const scoreText = ({ mean, standardError, outsideSupport }: HeldOutScore): string =>
  `${fixed(mean, 4)} ± ${fixed(standardError, 4)}${outsideSupport > 0 ? ` (without ${count(outsideSupport)} ${outsideSupport === 1 ? "row" : "rows"} of density 0)` : ""}`;

/** Rows of cells with the columns under each other; those of numbers to the right. */
function aligned(rows: readonly (readonly string[])[], isNumber: (column: number) => boolean): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join("  ")}`.trimEnd(),
  );
}

/** How well samples pass for held-out rows, in words. */
export function verdict({ auc, standardError }: Evaluation["classifier"]): string {
  if (auc < 0.5 + 2 * standardError) return "a classifier does not tell samples from held-out rows";
  if (auc < 0.6) return "a classifier barely tells samples from held-out rows";
  return auc < 0.8
    ? "a classifier tells samples from held-out rows, often wrongly"
    : "a classifier tells samples from held-out rows";
}

/** @throws UsageError for what `evaluate` does not give. */
export function checkEvaluation(where: string, value: unknown): void {
  const { marginals, classifier } = (value ?? {}) as Partial<Evaluation>;
  if (!Array.isArray(marginals) || !Array.isArray(classifier?.columns))
    refuse(where, "evaluation", "what `evaluate` gives", value);
}

function closestLines({ closest }: Evaluation): string[] {
  if (!closest)
    return [`without the rows of the fit (${optionText("train")}), samples are not compared with them`];
  const { copies, testCopies, nearer, standardError, samples, test } = closest;
  return [
    `${percent(copies)} of the samples equal a training row; of the held-out rows ${percent(testCopies)}`,
    `distance to the closest training row, median: samples ${fixed(samples, 4)}, held-out rows ${fixed(test, 4)}`,
    `a sample is nearer to it than a held-out row in ${percent(nearer)} ± ${percent(standardError)} of pairs (50 %: as new as these)`,
  ];
}

const pairLine = ({ columns, measure, test, samples }: PairAssociation): readonly string[] => [
  `${columns[0]}, ${columns[1]}`,
  fixed(test, 2),
  fixed(samples, 2),
  measure,
];

/** Pairs that are named in text. */
const namedPairs = 5;

/** The whole of an evaluation as text of several lines. */
export function evaluationText(evaluation: Evaluation): string {
  checkEvaluation("evaluationText", evaluation);
  const { rows, sampledRows, leftOut, logProb, bound, classifier, marginals, associations, contributions } =
    evaluation;
  const byColumn = new Map(contributions?.map((contribution) => [contribution.column, contribution]));
  const share = new Map(classifier.columns.map((column) => [column.column, column.share]));
  const table = aligned(
    [
      [
        "column",
        ...(contributions ? ["nats"] : []),
        "distance",
        "by chance",
        "",
        "missing",
        "in samples",
        "gives away",
      ],
      ...marginals.map(({ column, measure, distance, byChance, missing }) => [
        column,
        ...(contributions ? [scoreText(byColumn.get(column)!)] : []),
        fixed(distance, 3),
        fixed(byChance, 3),
        measure === "wasserstein" ? "sd" : "share",
        missing.test + missing.samples > 0 ? percent(missing.test) : "",
        missing.test + missing.samples > 0 ? percent(missing.samples) : "",
        percent(share.get(column) ?? 0),
      ]),
    ],
    (column) => column > 0 && column !== (contributions ? 4 : 3),
  );
  const pairs = associations.pairs
    .filter(({ test, samples }) => test !== undefined && samples !== undefined)
    .slice(0, namedPairs);
  const lines = [
    `held-out rows     ${count(rows)}${leftOut > 0 ? `, ${count(leftOut)} of them not compared, for missing values or given levels that are new` : ""}`,
    ...(sampledRows === undefined
      ? []
      : [
          `                  ${count(sampledRows)} of them, at random, are compared with samples; log-densities are of all`,
        ]),
    ...(evaluation.fittedToTheseRows
      ? ["                  these are the very rows of the fit: nothing here is out of sample"]
      : []),
    `${bound ? "lower bound" : "log-density"}       ${scoreText(logProb)} nats per row`,
    `two-sample test   AUC ${fixed(classifier.auc, 3)} ± ${fixed(classifier.standardError, 3)} (0.5: alike): ${verdict(classifier)}`,
    ...(associations.meanDifference === undefined
      ? []
      : [
          `associations      differ by ${fixed(associations.meanDifference, 3)} on average (by chance ${fixed(associations.byChance, 3)})`,
        ]),
    "",
    ...table,
    "",
    ...(marginals.length > 0
      ? [
          "  distance: of samples from held-out cells; sd: in standard deviations; share: of rows with another level",
        ]
      : []),
    "  gives away: share of what the classifier went by",
    ...(pairs.length > 0
      ? [
          "",
          ...aligned(
            [["pairs that differ most", "held out", "samples", ""], ...pairs.map(pairLine)],
            (i) => i === 1 || i === 2,
          ),
        ]
      : []),
    "",
    ...closestLines(evaluation).map((line) => `  ${line}`),
    "",
    `  ${privacyWarning}`,
  ];
  return `${lines.join("\n")}\n`;
}
