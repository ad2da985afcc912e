import { operationCases } from "./cases/operations.ts";
import { functionLaws } from "./functionLaws.ts";

functionLaws(
  Object.fromEntries(Object.entries(operationCases).map(([name, row]) => [`${name}: operation`, row])),
);
