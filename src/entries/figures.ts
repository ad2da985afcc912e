/**
 * Figures: a pair plot of a table, or of data beside samples, as SVG; as a file in Node.
 *
 * @module pushforward/figures
 */

export { writeFigure } from "../figures/figure.ts";
export { type PairPlotOptions, pairPlot } from "../figures/pairPlot.ts";
