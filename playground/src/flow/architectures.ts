/**
 * The flows of the page that are trained by gradients.
 *
 * @module
 */

import {
  type Architecture,
  continuousFlow,
  maskedAutoregressiveFlow,
  neuralSplineFlow,
  planarFlow,
  realNVP,
  residualFlow,
  sylvesterFlow,
} from "pushforward/architectures";
import type { FlowChoice } from "../state.ts";

/** A flow to be trained. */
export interface ChosenArchitecture {
  readonly architecture: Architecture;
  readonly learningRate: number;
  /** Whether what its architecture minimizes is another loss than its log-density. */
  readonly hasOwnLoss?: true;
}

/** The architecture of a choice with its learning rate, or undefined for a flow without gradients. */
export async function architectureOfChoice(choice: FlowChoice): Promise<ChosenArchitecture | undefined> {
  const { kind, depth, width } = choice;
  const sizes = { features: 2, transforms: depth, hidden: [width, width] };
  const { hidden: _, ...plain } = sizes;
  switch (kind) {
    case "nsf-ar":
      return { architecture: neuralSplineFlow({ ...sizes, autoregressive: true }), learningRate: 0.006 };
    case "nsf":
      return { architecture: neuralSplineFlow(sizes), learningRate: 0.006 };
    case "realnvp":
      return { architecture: realNVP(sizes), learningRate: 0.006 };
    case "maf":
      return { architecture: maskedAutoregressiveFlow(sizes), learningRate: 0.006 };
    case "planar":
      return { architecture: planarFlow(plain), learningRate: 0.015 };
    case "sylvester":
      return { architecture: sylvesterFlow(plain), learningRate: 0.015 };
    case "residual":
      return { architecture: residualFlow(sizes), learningRate: 0.01 };
    case "cnf":
      return { architecture: continuousFlow({ features: 2, hidden: [width, width] }), learningRate: 0.015 };
    default:
      return (await import("./paperArchitectures.ts")).paperArchitecture(choice);
  }
}
