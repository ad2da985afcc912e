/** A linear regression with little noise. */
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(new URL("./sblrc.json", import.meta.url), "utf8"));
const rows = data.y.length;

export const parameters = { beta: { size: 5 }, sigma: "positive" };

export function logDensity({ beta, sigma }, { add, sub, mul, div, square, sum, log, linear, constant }) {
  const residuals = sub(constant(data.y), linear(beta, constant(data.X.flat(), [rows, 5])));
  const squares = add(
    add(sum(square(div(residuals, sigma))), sum(square(div(beta, 10)))),
    square(div(sigma, 10)),
  );
  return sub(mul(-0.5, squares), mul(rows, log(sigma)));
}
