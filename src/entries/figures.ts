/**
 * Figures as SVG: a pair plot of a table, or of data beside samples; what `describe` says of a table. As a file in Node.
 *
 * @module pushforward/figures
 */

export { type EvaluationPageOptions, evaluationPage } from "../figures/evaluationPage.ts";
export { writeFigure } from "../figures/figure.ts";
export { type PairPlotOptions, pairPlot } from "../figures/pairPlot.ts";
export { type TablePlotOptions, tablePlot } from "../figures/tablePlot.ts";
