/** An autoregression of order K. */
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(new URL("./ark.json", import.meta.url), "utf8"));
const order = data.K;
const rows = data.y.length - order;
const later = data.y.slice(order);
const design = later.flatMap((_, t) => [1, ...data.y.slice(t, t + order).reverse()]);

export const parameters = { alpha: "real", beta: { size: order }, sigma: "positive" };

export function logDensity(
  { alpha, beta, sigma },
  { add, sub, mul, div, square, sum, log, log1p, linear, reshape, concatenate, constant },
) {
  const coefficients = concatenate([reshape(alpha, [1]), beta]);
  const residuals = sub(constant(later), linear(coefficients, constant(design, [rows, order + 1])));
  const squares = add(sum(square(div(residuals, sigma))), sum(square(div(coefficients, 10))));
  const scale = add(mul(rows, log(sigma)), log1p(square(div(sigma, 2.5))));
  return sub(mul(-0.5, squares), scale);
}
