/**
 * `pushforward inspect`: what a model is and how it was fitted.
 *
 * @module
 */

import type { Command } from "commander";
import type { AcceptedShare } from "../../entries/diagnostics.ts";
import { oneLine } from "../../entries/errors.ts";
import type { Flow } from "../../index.ts";
import { defined } from "../options.ts";
import { print, printJson } from "../output.ts";

/** What is known of the normalizer of a resampled base; undefined of others. */
async function normalizerOf(flow: Flow): Promise<AcceptedShare | undefined> {
  if ((flow.description.base as { readonly type?: unknown }).type !== "resampled") return undefined;
  return await (await import("../../entries/diagnostics.ts")).acceptedShare(flow);
}

/** `0.3021, an estimate: log-densities are known to 0.004 nats`. */
function inWords({ normalizer, isEstimate, logProbError }: AcceptedShare): string {
  const share = normalizer.toPrecision(4);
  return isEstimate
    ? `${share}, an estimate: log-densities are known to ${logProbError.toPrecision(1)} nats`
    : `${share}, by quadrature`;
}

/** `64x16`, the layers of the network through which all transforms see what is given; undefined where there is none. */
function embeddingOf(part: unknown): string | undefined {
  if (typeof part !== "object" || part === null) return undefined;
  const { type, embedding } = part as { readonly type?: unknown; readonly embedding?: readonly number[] };
  if (type === "embedded") return embedding?.join("x");
  return Object.values(part).map(embeddingOf).find(Boolean);
}

async function run(model: string, flags: { readonly json?: boolean }): Promise<void> {
  const { load } = await import("../../index.ts");
  const flow = await load(model);
  const normalizer = await normalizerOf(flow);
  // The nested bijection is for programs alone: its summary is the architecture's line.
  if (flags.json) return await printJson({ ...flow.description, ...defined({ normalizer }) });
  const { default: Table } = await import("cli-table3");
  const table = new Table({ style: { head: [], border: [] }, colWidths: [28, 68], wordWrap: true });
  const embedding = embeddingOf(flow.description.bijection);
  const facts = {
    ...flow.facts,
    ...defined({ embedding }),
    ...(normalizer ? { normalizer: inWords(normalizer) } : {}),
  };
  table.push(...Object.entries(facts).map(([name, value]) => [name, oneLine(value)]));
  await print(`${table.toString()}\n`);
}

/** Adds the command. */
export function addInspect(program: Command): void {
  program
    .command("inspect")
    .summary("describe a model")
    .description("Architecture, parameters and columns of a model, and how it was fitted.")
    .argument("<model>", "model to describe (.safetensors)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  pushforward inspect galaxies.safetensors`,
    )
    .action(run);
}
