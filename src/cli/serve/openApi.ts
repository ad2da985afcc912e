/**
 * The description of the service (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0), made of the schemas by which requests are checked.
 *
 * @module
 */

import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { arrowTypes } from "./answers.ts";
import type { ModelVersion } from "./hostedModel.ts";
import { anomalyChoices, scoreChoices } from "./rowSchemas.ts";

/** A number of an answer: JSON has neither infinities nor what is not a number. */
const answeredNumber: v.GenericSchema = v.pipe(
  v.nullable(v.union([v.number(), v.picklist(["Infinity", "-Infinity"])])),
  v.description("null where a row has no score"),
);
const named = { model: v.string(), version: v.string() };

/** Schemas of what is answered. */
export const answerSchemas: Readonly<
  Record<"logprob" | "sample" | "anomalies" | "describe", v.GenericSchema>
> = {
  logprob: v.object({
    ...named,
    bound: v.optional(v.literal(true)),
    logProb: v.array(answeredNumber),
    columns: v.optional(
      v.array(
        v.looseObject({
          column: v.string(),
          measure: v.picklist(["counting", "Lebesgue", "Lebesgue and atoms"]),
          outcome: v.optional(v.array(answeredNumber)),
          value: v.array(answeredNumber),
        }),
      ),
    ),
  }),
  sample: v.object({
    ...named,
    seed: v.number(),
    columns: v.array(v.string()),
    rows: v.array(v.array(v.nullable(v.union([v.number(), v.string()])))),
  }),
  anomalies: v.object({
    ...named,
    bound: v.optional(v.literal(true)),
    against: v.literal("drawn"),
    calibrationRows: v.number(),
    rows: v.array(
      v.object({
        row: v.number(),
        score: v.number(),
        pValue: v.number(),
        logProb: v.optional(answeredNumber),
        blame: v.array(v.object({ column: v.string(), share: v.number() })),
        expected: v.record(v.string(), v.nullable(v.union([v.string(), v.number()]))),
        isDiscovery: v.optional(v.boolean()),
      }),
    ),
  }),
  describe: v.looseObject({
    ...named,
    kind: v.string(),
    columns: v.array(v.string()),
    given: v.array(v.string()),
    facts: v.record(v.string(), v.string()),
  }),
};

/** What is answered where a request cannot be served. */
export const problemSchema: v.GenericSchema = v.object({
  error: v.object({
    code: v.string(),
    message: v.string(),
    faults: v.optional(
      v.array(
        v.object({
          row: v.optional(v.number()),
          column: v.optional(v.string()),
          field: v.optional(v.string()),
          message: v.string(),
        }),
      ),
    ),
  }),
});

function schemaOf(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema, { errorMode: "ignore", target: "draft-2020-12" });
  return rest;
}

const binary = { schema: { type: "string", format: "binary" } } as const;

const summaries = {
  logprob: "Log-density of each row, in nats and data units.",
  sample: "Rows drawn from the model.",
  anomalies: "How strange each row is beside the model, and which columns are to blame.",
} as const;

/** The description of what is served. */
export function openApi(
  models: readonly ModelVersion[],
  { packageVersion, token }: { readonly packageVersion: string; readonly token: string | undefined },
): object {
  const problems = {
    "4XX": { $ref: "#/components/responses/Problem" },
    "5XX": { $ref: "#/components/responses/Problem" },
  };
  const answered = (verb: keyof typeof answerSchemas, hasTables: boolean) => ({
    "200": {
      description: "The answer.",
      headers: { "model-version": { schema: { type: "string" } } },
      content: {
        "application/json": { schema: { $ref: `#/components/schemas/${verb}` } },
        ...(hasTables ? { "text/csv": { schema: { type: "string" } }, [arrowTypes[0]!]: binary } : {}),
      },
    },
    ...problems,
  });
  const parametersOf = (choices: Readonly<Record<string, v.GenericSchema>>) =>
    Object.entries(choices).map(([name, schema]) => ({
      name,
      in: "query",
      description: "Where the body is Arrow.",
      schema: schemaOf(schema),
    }));
  const paths = models.flatMap(({ name, schemas }) =>
    (["logprob", "sample", "anomalies"] as const).map((verb) => {
      const takesArrow = verb !== "sample";
      return [
        `/v1/models/${name}/${verb}`,
        {
          post: {
            operationId: `${verb} ${name}`,
            summary: summaries[verb],
            ...(takesArrow
              ? { parameters: parametersOf(verb === "logprob" ? scoreChoices : anomalyChoices) }
              : {}),
            requestBody: {
              required: true,
              content: {
                "application/json": { schema: schemaOf(schemas[verb]) },
                ...(takesArrow ? Object.fromEntries(arrowTypes.map((type) => [type, binary])) : {}),
              },
            },
            responses: answered(verb, verb !== "anomalies"),
          },
        },
      ] as const;
    }),
  );
  const get = (summary: string, content: object, isOpen = false) => ({
    get: {
      summary,
      ...(isOpen ? { security: [] } : {}),
      responses: { "200": { description: summary, content }, ...problems },
    },
  });
  const anyJson = { "application/json": { schema: { type: "object" } } };
  return {
    openapi: "3.1.0",
    info: {
      title: "pushforward serve",
      version: packageVersion,
      description: "Log-densities, samples and anomalies of fitted flows.",
    },
    ...(token === undefined ? {} : { security: [{ token: [] }] }),
    paths: {
      "/health": get("Whether the server takes requests.", anyJson, true),
      "/metrics": get("Counters in Prometheus' text format.", {
        "text/plain": { schema: { type: "string" } },
      }),
      "/v1/models": get("The models that are served, with their versions.", anyJson),
      ...Object.fromEntries(
        models.map(({ name }) => [
          `/v1/models/${name}/describe`,
          {
            get: {
              operationId: `describe ${name}`,
              summary: "Columns, measures and how the model was fitted.",
              responses: answered("describe", false),
            },
          },
        ]),
      ),
      ...Object.fromEntries(paths),
    },
    components: {
      schemas: {
        ...Object.fromEntries(
          Object.entries(answerSchemas).map(([verb, schema]) => [verb, schemaOf(schema)]),
        ),
        Problem: schemaOf(problemSchema),
      },
      responses: {
        Problem: {
          description: "Why there is no answer.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      ...(token === undefined ? {} : { securitySchemes: { token: { type: "http", scheme: "bearer" } } }),
    },
  };
}
