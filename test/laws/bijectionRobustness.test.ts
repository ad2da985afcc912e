import { flatCases } from "./cases/bijectionCase.ts";
import { bijectionCases } from "./cases/bijections.ts";
import { robustnessLaws } from "./robustnessLaws.ts";

robustnessLaws(flatCases(bijectionCases));
