/**
 * Runs every cell of the matrix of exports, kind by direction by target by precision, in each runtime that there is, and writes
 * docs/results/exports.json, of which the documentation makes its page: `npm run exports`, or `npm run exports -- nsf-ar maf` of some kinds. The Python of test/exchange/.venv, or of the
 * system, needs wasmtime, numpy, onnx, onnxruntime and chdb; a runtime that is not there is left out.
 */
import { startVitest } from "vitest/node";

process.env.EXPORT_MATRIX = process.argv.slice(2).join(" ") || "all";
const vitest = await startVitest("test", ["test/exchange/exportMatrix.test.ts"], { watch: false });
await vitest?.close();
