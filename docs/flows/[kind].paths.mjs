import { kindPages } from "./kindPages.mjs";
import { pageOfKind } from "./pageOfKind.mjs";

export default {
  watch: ["../../src/**/*.ts", "./*.mjs"],
  paths: () => kindPages.map((page) => ({ params: { kind: page.kind }, content: pageOfKind(page) })),
};
