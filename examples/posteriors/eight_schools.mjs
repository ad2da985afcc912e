/** Effects of coaching in eight schools (Rubin 1981), in the centered form. */
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(new URL("./eight_schools.json", import.meta.url), "utf8"));

export const parameters = { theta: { size: 8 }, mu: "real", tau: "positive" };

export function logDensity({ theta, mu, tau }, { add, sub, mul, div, square, sum, log, log1p, constant }) {
  const schools = sum(square(div(sub(theta, mu), tau)));
  const residuals = sum(square(div(sub(constant(data.y), theta), constant(data.sigma))));
  const squares = add(add(schools, residuals), square(div(mu, 5)));
  const scale = add(mul(data.y.length, log(tau)), log1p(square(div(tau, 5))));
  return sub(mul(-0.5, squares), scale);
}
