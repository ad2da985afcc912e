import { bijectionLaws } from "./bijectionLaws.ts";
import { flatCases } from "./cases/bijectionCase.ts";
import { asBijection, transformerCases } from "./cases/transformers.ts";
import { densityLaws } from "./densityLaws.ts";
import { engineLaws } from "./engineLaws.ts";
import { robustnessLaws } from "./robustnessLaws.ts";

const cases = Object.fromEntries(
  Object.entries(flatCases(transformerCases)).map(([name, row]) => [name, asBijection(row)]),
);

bijectionLaws(cases);
engineLaws(cases);
robustnessLaws(cases);
densityLaws(cases);
