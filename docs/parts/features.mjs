// The table of features: what is here is asked of what the package exports, the peers are in featureRows.mjs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { peers, sections } from "./featureRows.mjs";
import { parts } from "./parts.mjs";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Where each exported function is on the site. */
function addresses() {
  const found = new Map();
  const take = (file, folder) => {
    const text = readFileSync(file, "utf8");
    for (const [, index] of text.matchAll(/export \* from "([^"]+)"/g)) take(join(file, "..", index), folder);
    for (const [, names] of text.matchAll(/export \{([^}]*)\} from/g))
      for (const name of names.split(",").map((each) => each.trim()))
        if (/^[a-z]\w*$/.test(name)) found.set(name, `/reference/pushforward/${folder}functions/${name}`);
  };
  take(join(repository, "src/index.ts"), "");
  const entries = join(repository, "src/entries");
  for (const file of readdirSync(entries)) take(join(entries, file), `${basename(file, ".ts")}/`);
  for (const { name } of parts) found.set(name, `/parts/${name}`);
  return found;
}

const known = addresses();

/** A link to what has a feature: a name that is exported, or "text|page". */
function linked(feature, each) {
  const [text, page] = each.split("|");
  if (page) {
    const isThere = ["", "/index"].some((end) => existsSync(join(repository, "docs", `${page}${end}.md`)));
    if (!isThere && !page.startsWith("/flows/")) throw new Error(`"${feature}": there is no page ${page}`);
    return `[${text}](${page})`;
  }
  const address = known.get(text);
  if (!address)
    throw new Error(`"${feature}": the package exports no "${text}" (docs/parts/featureRows.mjs)`);
  return `[\`${text}\`](${address})`;
}

/** What is here of a feature: yes, in part or no, and the links to it. */
export function hereOf([feature, , names]) {
  const isPart = names[0]?.startsWith("~") === true;
  const links = names.map((name) => linked(feature, name.replace(/^~/, "")));
  return { verdict: names.length === 0 ? "no" : isPart ? "in part" : "yes", links };
}

const signs = { Y: "yes", p: "part", ".": "" };

/** Markdown of the table, a section each. */
export function tableOfFeatures() {
  const rows = sections.flatMap(({ rows: each }) => each);
  const count = (verdict) => rows.filter((row) => hereOf(row).verdict === verdict).length;
  const peersWith = peers.map((_, i) => rows.filter(([, letters]) => letters[i] === "Y").length);
  const tables = sections.map(({ section, rows: each }) => {
    const lines = each.map((row) => {
      const [feature, letters] = row;
      if (letters.length !== peers.length) throw new Error(`"${feature}" has ${letters.length} letters`);
      const { verdict, links } = hereOf(row);
      return `| ${[feature, `**${verdict}**${links.length > 0 ? `: ${links.join(", ")}` : ""}`, ...Array.from(letters, (letter) => signs[letter])].join(" | ")} |`;
    });
    return [
      `## ${section}`,
      "",
      `| | here | ${peers.join(" | ")} |`,
      `|${" --- |".repeat(peers.length + 2)}`,
      ...lines,
    ].join("\n");
  });
  return `Of ${rows.length} features, ${count("yes")} are here, ${count("in part")} in part, ${count("no")} not; of the others ${peers[peersWith.indexOf(Math.max(...peersWith))]} has most, ${Math.max(...peersWith)}.

${tables.join("\n\n")}`;
}
