/** Earnings by height (Gelman & Hill 2007), with flat priors. */
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(new URL("./earnings.json", import.meta.url), "utf8"));
const rows = data.earn.length;
const design = data.height.flatMap((height) => [1, height]);

export const parameters = { beta: { size: 2 }, sigma: "positive" };

export function logDensity({ beta, sigma }, { sub, mul, div, square, sum, log, linear, constant }) {
  const residuals = sub(constant(data.earn), linear(beta, constant(design, [rows, 2])));
  return sub(mul(-0.5, sum(square(div(residuals, sigma)))), mul(rows, log(sigma)));
}
