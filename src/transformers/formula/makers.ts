/**
 * The index of this family: one line for each transformer. Public, tried by the laws and read from model files is what stands here;
 * its type is its name without "Transformer".
 *
 * @module
 */

export {
  type FormulaParameter,
  type FormulaTransformerOptions,
  formulaTransformer,
} from "./formulaTransformer.ts";
