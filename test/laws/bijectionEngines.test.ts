import { flatCases } from "./cases/bijectionCase.ts";
import { bijectionCases } from "./cases/bijections.ts";
import { engineLaws } from "./engineLaws.ts";

engineLaws(flatCases(bijectionCases));
