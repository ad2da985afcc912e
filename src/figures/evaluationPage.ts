/**
 * An evaluation as one page: what it says in figures, each column of the samples beside the held-out rows, and how pairs go together.
 *
 * @module
 */

import { type Evaluation, privacyWarning } from "../diagnostics/evaluate/evaluate.ts";
import { checkEvaluation, verdict } from "../diagnostics/evaluate/evaluationText.ts";
import { checkedOptions, type OptionTable, text as words } from "../options.ts";
import { drawnSchema } from "./drawnColumn.ts";
import { dataColor, missingText, sampleColor } from "./pairPlot.ts";
import { shortened } from "./plotAxis.ts";
import { escapeText, faint, ink, text } from "./plotPanel.ts";
import { multiplesWidth, type SmallPicture, smallMultiples } from "./smallMultiples.ts";
import { svgDocument } from "./svgDocument.ts";

/** Options of {@link evaluationPage}. */
export interface EvaluationPageOptions {
  /** What stands above (default: `An evaluation`). */
  readonly title?: string | undefined;
}

const evaluationPageOptionTable: OptionTable<EvaluationPageOptions> = { title: words };

const margin = 32;
const mostColumns = 60;
/** Columns of the picture of pairs. */
const mostPaired = 24;

const count = (value: number): string => value.toLocaleString("en-US");
/** With a typographic minus, but none before 0. */
const fixed = (value: number, digits: number): string =>
  value
    .toFixed(digits)
    .replace(/^-(?=[0.]*[1-9])/, "−")
    .replace(/^-/, "");

/** A fact in large letters: what it is, its value, and a line on it. */
type Fact = readonly [name: string, value: string, note: string];

function factsOf(evaluation: Evaluation): Fact[] {
  const { logProb, bound, classifier, associations, closest, rows, sampledRows, leftOut } = evaluation;
  const outside = logProb.outsideSupport > 0 ? `, without ${count(logProb.outsideSupport)} of density 0` : "";
  return [
    [
      "held-out rows",
      count(rows),
      evaluation.fittedToTheseRows
        ? "THE VERY ROWS OF THE FIT"
        : leftOut > 0 || sampledRows !== undefined
          ? `${count(rows - (sampledRows ?? rows) + leftOut)} not compared`
          : "not seen by the fit, as far as is known",
    ],
    [
      "nats per row",
      fixed(logProb.mean, 3),
      `± ${fixed(logProb.standardError, 3)}${outside}${bound ? ", a lower bound" : ""}`,
    ],
    [
      "two-sample AUC",
      fixed(classifier.auc, 3),
      `± ${fixed(classifier.standardError, 3)}; 0.5: samples cannot be told`,
    ],
    ...(associations.meanDifference === undefined
      ? []
      : [
          [
            "pairs differ by",
            fixed(associations.meanDifference, 3),
            `on average; by chance ${fixed(associations.byChance ?? 0, 3)}`,
          ] as const,
        ]),
    ...(closest
      ? [
          [
            "nearer to training rows",
            missingText(closest.nearer),
            `± ${missingText(closest.standardError)} of pairs; copies ${missingText(closest.copies)}`,
          ] as const,
        ]
      : []),
  ];
}

/** Measures of pairs as colors: of held-out rows below the diagonal, of samples above it. */
function pairMatrix(
  { associations, columns }: Evaluation,
  left: number,
  top: number,
): { body: string[]; height: number } {
  const names = columns.slice(0, mostPaired).map(({ name }) => name);
  const side = Math.min(34, 560 / Math.max(1, names.length));
  const label = 130;
  const [x0, y0] = [left + label, top + 24];
  const body = [
    text(left, top, "How pairs of columns go together: held-out rows below the diagonal, samples above it", {
      size: 12.5,
    }),
  ];
  names.forEach((name, i) => {
    const at = i * side;
    body.push(
      text(x0 - 6, y0 + at + side / 2 + 4, shortened(name, 18), { size: 10.5, color: faint, anchor: "end" }),
      text(x0 + at + side / 2 + 3, y0 + names.length * side + 10, shortened(name, 18), {
        size: 10.5,
        color: faint,
        anchor: "end",
        rotate: -55,
      }),
      `<rect x="${x0 + at}" y="${y0 + at}" width="${side}" height="${side}" fill="#eceff3"/>`,
    );
  });
  for (const {
    columns: [a, b],
    test,
    samples,
    measure,
  } of associations.pairs) {
    const [i, j] = [names.indexOf(a), names.indexOf(b)];
    if (i < 0 || j < 0) continue;
    const tile = (value: number | undefined, column: number, row: number, color: string): string => {
      const strength = Math.abs(value ?? 0);
      const [x, y] = [x0 + column * side, y0 + row * side];
      const hint = `<title>${escapeText(`${a}, ${b}: ${measure} ${value === undefined ? "not known" : fixed(value, 2)}`)}</title>`;
      const number =
        value === undefined
          ? ""
          : text(x + side / 2, y + side / 2 + 3, fixed(value, 1).replace(/^(−?)0\./, "$1."), {
              size: 8.5,
              anchor: "middle",
              color: strength > 0.6 ? "#ffffff" : ink,
            });
      return `<g>${hint}<rect x="${x}" y="${y}" width="${side - 1}" height="${side - 1}" fill="${color}" fill-opacity="${fixed(0.04 + 0.9 * strength, 3)}"/>${side >= 20 ? number : ""}</g>`;
    };
    body.push(tile(test, i, j, dataColor), tile(samples, j, i, sampleColor));
  }
  return { body, height: 24 + names.length * side + 120 };
}

/** Lines beside the matrix: what gives samples away, pairs that differ most, and what no number shows. */
function remarks(evaluation: Evaluation, left: number, top: number): string[] {
  const { classifier, associations, closest } = evaluation;
  const lines: (readonly [string, boolean])[] = [
    [verdict(classifier), true],
    ...classifier.columns
      .slice(0, 5)
      .map(({ column, share }) => [`${missingText(share)} of what it went by: ${column}`, false] as const),
    ["", false],
    ["Pairs that differ most", true],
    ...associations.pairs
      .filter(({ test, samples }) => test !== undefined && samples !== undefined)
      .slice(0, 6)
      .map(
        ({ columns, test, samples, measure }) =>
          [
            `${columns.join(", ")}: ${fixed(test!, 2)}, samples ${fixed(samples!, 2)} (${measure})`,
            false,
          ] as const,
      ),
    ["", false],
    ["Samples and the rows of the fit", true],
    ...(closest
      ? [
          [
            `${missingText(closest.copies)} of the samples equal a training row; of the held-out rows ${missingText(closest.testCopies)}`,
            false,
          ] as const,
          [
            `distance to the closest one, median: samples ${fixed(closest.samples, 4)}, held-out rows ${fixed(closest.test, 4)}`,
            false,
          ] as const,
        ]
      : [["not compared: the training rows were not given", false] as const]),
    ...privacyWarning.split(/(?<=: )|(?<=, )/).map((line) => [line, false] as const),
  ];
  return lines.map(([line, isHead], i) =>
    text(left, top + 18 * i, shortened(line, 84), { size: isHead ? 12.5 : 11, color: isHead ? ink : faint }),
  );
}

/**
 * An evaluation as one SVG: the figures, each column of the samples beside the held-out rows, associations of pairs. {@link writeFigure}
 * makes a file of it, .html among others.
 *
 * At most 60 columns are drawn, and pairs of 24.
 * @param evaluation - What `evaluate` found.
 * @throws UsageError for options that do not fit.
 * @example await writeFigure(evaluationPage(await evaluate(flow, test)), "evaluation.html");
 */
export function evaluationPage(evaluation: Evaluation, given: EvaluationPageOptions = {}): string {
  const { title = "An evaluation" } = checkedOptions("evaluationPage", given, evaluationPageOptionTable);
  checkEvaluation("evaluationPage", evaluation);
  const { marginals, test, samples, columns, contributions } = evaluation;
  const shown = marginals.slice(0, mostColumns);
  const schemas = drawnSchema(
    test,
    shown.map(({ column }) => column),
    { columns },
  );
  const pictures = shown.map(({ column, distance, byChance, measure, missing }, i): SmallPicture => {
    const nats = contributions?.find((contribution) => contribution.column === column);
    return {
      schema: schemas[i]!,
      kind: schemas[i]!.kind,
      note: [
        ...(distance === undefined
          ? []
          : [
              `off by ${fixed(distance, 3)}${measure === "wasserstein" ? " sd" : ""} (chance ${fixed(byChance!, 3)})`,
            ]),
        ...(nats ? [`${fixed(nats.mean, 2)} nats`] : []),
        ...(missing.test + missing.samples > 0
          ? [`missing ${missingText(missing.test)} / ${missingText(missing.samples)}`]
          : []),
      ].join(", "),
      isEmpty: distance === undefined,
    };
  });
  const sets = [
    { name: "held-out rows", color: dataColor, table: test },
    { name: "samples", color: sampleColor, table: samples },
  ];
  const facts = factsOf(evaluation).flatMap(([name, value, note], i) => {
    const x = margin + i * 228;
    return [
      text(x, 84, name, { size: 11, color: faint }),
      text(x, 112, value, { size: 24 }),
      text(x, 130, note, { size: 9.5, color: faint }),
    ];
  });
  const legend = sets.flatMap(({ name, color, table }, i) => [
    `<circle cx="${margin + 5 + 220 * i}" cy="168" r="5" fill="${color}"/>`,
    text(margin + 16 + 220 * i, 172, `${name} (${count(table.rows)})`, { size: 12 }),
  ]);
  const multiples = smallMultiples(pictures, sets, margin, 200);
  const below = 200 + multiples.height + 20;
  const matrix = pairMatrix(evaluation, margin, below);
  const height = below + Math.max(matrix.height, 18 * 20);
  return svgDocument(multiplesWidth + 2 * margin - 20, height, title, [
    text(margin, 42, title, { size: 17 }),
    ...facts,
    ...legend,
    ...multiples.body,
    ...matrix.body,
    ...remarks(
      evaluation,
      margin + Math.min(740, 200 + 34 * Math.min(mostPaired, columns.length)),
      below + 24,
    ),
  ]);
}
