import { pageOfPart } from "./pageOfPart.mjs";
import { parts } from "./parts.mjs";

export default {
  watch: ["../../src/**/*.ts", "./*.mjs"],
  paths: () => parts.map((part) => ({ params: { part: part.name }, content: pageOfPart(part) })),
};
