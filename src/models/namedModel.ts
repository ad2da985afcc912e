/**
 * Models whose programs have names, by which engines know them again.
 *
 * @module
 */

import type { Model } from "./model.ts";

/**
 * The model with a name for its programs; one that is made of it has the name as long as it has the same parts.
 * @param name - Says all of the parts: models of one name have the same programs, whatever the values of their parameters.
 */
export function named(model: Model, name: string): Model {
  const parts = ({ base, bijection, preparation, contextPreparation, given }: Model): readonly unknown[] => [
    base,
    bijection,
    preparation,
    contextPreparation,
    given.length,
  ];
  const own = parts(model);
  return {
    ...model,
    nameOf: (other, program) =>
      parts(other).every((part, i) => part === own[i]) ? `${program} ${name}` : undefined,
  };
}
