/**
 * What a server counts, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
 *
 * @module
 */

/** Names of labels and their values. */
type Labels = Readonly<Record<string, string>>;

/** A label's value as the format has it. */
const quoted = (value: string): string =>
  /[\\"\n]/.test(value)
    ? `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`
    : `"${value}"`;

/** `{model="galaxies",verb="logprob"}`; nothing where there are none. Written for every request, several times. */
function labelText(labels: Labels): string {
  let text = "";
  for (const name in labels) text += `${text === "" ? "{" : ","}${name}=${quoted(labels[name]!)}`;
  return text === "" ? "" : `${text}}`;
}

/** Something that is counted. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Its lines, without the head. */
  lines(): readonly string[];
}

/** A number by labels that grows, or is set anew. */
export class Tally implements Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, type: "counter" | "gauge", help: string) {
    this.name = name;
    this.type = type;
    this.help = help;
  }

  add(labels: Labels, amount: number = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  /** Sets the value of these labels. */
  set(labels: Labels, value: number): void {
    this.#values.set(labelText(labels), value);
  }

  /** Forgets the value of these labels. */
  forget(labels: Labels): void {
    this.#values.delete(labelText(labels));
  }

  /** Forgets all values. */
  clear(): void {
    this.#values.clear();
  }

  lines(): readonly string[] {
    return Array.from(this.#values, ([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

/** How often a number was at most some bounds, by labels. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
  readonly #values = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.bounds = bounds;
  }

  add(labels: Labels, value: number): void {
    const key = labelText(labels);
    let seen = this.#values.get(key);
    if (!seen) {
      seen = { labels, counts: new Array<number>(this.bounds.length + 1).fill(0), sum: 0 };
      this.#values.set(key, seen);
    }
    const bucket = this.bounds.findIndex((bound) => value <= bound);
    seen.counts[bucket < 0 ? this.bounds.length : bucket]!++;
    seen.sum += value;
  }

  /** Forgets all numbers. */
  clear(): void {
    this.#values.clear();
  }

  lines(): readonly string[] {
    return Array.from(this.#values.values(), ({ labels, counts, sum }) => {
      let below = 0;
      const buckets = counts.map((count, i) => {
        below += count;
        const le = i < this.bounds.length ? String(this.bounds[i]) : "+Inf";
        return `${this.name}_bucket${labelText({ ...labels, le })} ${below}`;
      });
      const end = labelText(labels);
      return [...buckets, `${this.name}_sum${end} ${sum}`, `${this.name}_count${end} ${below}`];
    }).flat();
  }
}

/** Seconds that requests take: from a quarter of a millisecond on. */
const durations = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** Rows that are scored in one pass. */
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384, 65536];

/** All that a server counts. */
export class Metrics {
  readonly requests: Tally = new Tally(
    "pushforward_requests_total",
    "counter",
    "Requests answered, by model, verb and status.",
  );
  readonly seconds: Histogram = new Histogram(
    "pushforward_request_seconds",
    "Seconds until the answer began, by model and verb.",
    durations,
  );
  readonly rows: Tally = new Tally(
    "pushforward_rows_total",
    "counter",
    "Rows scored or drawn, by model and verb.",
  );
  readonly batchRows: Histogram = new Histogram(
    "pushforward_batch_rows",
    "Rows scored in one pass, of one request or several.",
    sizes,
  );
  readonly batchRequests: Histogram = new Histogram(
    "pushforward_batch_requests",
    "Requests whose rows were scored in one pass.",
    sizes,
  );
  readonly models: Tally = new Tally(
    "pushforward_model_info",
    "gauge",
    "1 for each model that is served, with its version.",
  );
  readonly reloads: Tally = new Tally(
    "pushforward_reloads_total",
    "counter",
    "Times that a model was loaded anew, by model and outcome.",
  );

  /** Forgets the requests so far: those of the server to itself are nobody's. */
  forgetRequests(): void {
    for (const metric of [this.requests, this.seconds, this.rows, this.batchRows, this.batchRequests])
      metric.clear();
  }

  /** All of it, with what the process uses. */
  text(): string {
    const process_ = [
      ["process_resident_memory_bytes", "gauge", "Resident memory in bytes.", process.memoryUsage.rss()],
      [
        "process_cpu_seconds_total",
        "counter",
        "Processor time in seconds.",
        (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
      ],
      [
        "process_start_time_seconds",
        "gauge",
        "Start of the process in seconds since 1970.",
        Math.round(Date.now() / 1000 - process.uptime()),
      ],
    ] as const;
    const own: readonly Metric[] = [
      this.requests,
      this.seconds,
      this.rows,
      this.batchRows,
      this.batchRequests,
      this.models,
      this.reloads,
    ];
    const all = [
      ...own,
      ...process_.map(([name, type, help, value]) => ({
        name,
        type,
        help,
        lines: () => [`${name} ${value}`],
      })),
    ];
    return all
      .flatMap((metric) => [
        `# HELP ${metric.name} ${metric.help}`,
        `# TYPE ${metric.name} ${metric.type}`,
        ...metric.lines(),
      ])
      .map((line) => `${line}\n`)
      .join("");
  }
}
