import { bijectionLaws } from "./bijectionLaws.ts";
import { flatCases } from "./cases/bijectionCase.ts";
import { asBijection, transformerCases } from "./cases/transformers.ts";

const cases = Object.fromEntries(
  Object.entries(flatCases(transformerCases)).map(([name, row]) => [name, asBijection(row)]),
);

bijectionLaws(cases);
