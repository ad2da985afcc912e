/** Test scores of children by their mothers' schooling and test scores (Gelman & Hill 2007). */
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(new URL("./kidiq.json", import.meta.url), "utf8"));
const rows = data.kid_score.length;
const design = data.mom_hs.flatMap((school, i) => [1, school, data.mom_iq[i], school * data.mom_iq[i]]);

export const parameters = { beta: { size: 4 }, sigma: "positive" };

export function logDensity(
  { beta, sigma },
  { add, sub, mul, div, square, sum, log, log1p, linear, constant },
) {
  const residuals = sub(constant(data.kid_score), linear(beta, constant(design, [rows, 4])));
  const scale = add(mul(rows, log(sigma)), log1p(square(div(sigma, 2.5))));
  return sub(mul(-0.5, sum(square(div(residuals, sigma)))), scale);
}
