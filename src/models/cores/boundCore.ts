/**
 * A flow of which a lower bound of the log-density is known alone: it says so, and gives each row one score.
 *
 * @module
 */

import type { Distribution } from "../../distributions/distribution.ts";
import { Evaluation } from "../evaluation.ts";
import { describeArchitecture } from "../flowInWords.ts";
import type { Model } from "../model.ts";
import { withFixedDraws } from "../scores/fixedDraws.ts";
import type { ColumnMeasure } from "../scores/measure.ts";
import { BijectionCore } from "./bijectionCore.ts";
import type { FlowDescription } from "./flowCore.ts";

/** A distribution whose draws the row determines; what trains it has others in each step. */
function fixed(base: Distribution): Distribution {
  return {
    ...base,
    logProb: (y, p, c) => withFixedDraws({ logProb: base.logProb(y, p, c) }, y).logProb!,
  };
}

/** What the JSON of a base has that is the image of a flow. */
interface BaseJson {
  readonly bijection?: unknown;
  readonly surjection?: { readonly type: string };
}

/** See the head of this file. */
export class BoundCore extends BijectionCore {
  constructor(model: Model) {
    super(model, new Evaluation({ ...model, base: fixed(model.base) }));
  }

  override get description(): FlowDescription {
    const { base, columns } = this.model;
    const { step } = base.bound!;
    // Numbers on a grid have probabilities, others a density.
    const measures = columns.map(
      (column): ColumnMeasure =>
        step === undefined ? { column, measure: "Lebesgue" } : { column, measure: "counting", step },
    );
    return { ...super.description, bound: true, measures };
  }

  /** What the facts of other flows do not say. */
  get facts(): Readonly<Record<string, string>> {
    const { base } = this.model;
    const { bijection, surjection } = base.toJSON() as BaseJson;
    const architecture = describeArchitecture({ kind: "", bijection });
    return {
      ...(surjection ? { architecture: `flow through ${surjection.type}${architecture}` } : {}),
      "log-density": `a lower bound, by ${base.bound!.draws} draws`,
    };
  }
}
