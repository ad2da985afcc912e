/** Forty wrong command lines, each with its whole message. */

import { describe, expect, it, test } from "vitest";
import { runInProcess } from "../cli/runInProcess.ts";
import { misuseFolder } from "./misuseFolder.ts";

misuseFolder();

const lines: readonly (readonly [line: string, exitCode: number, message: string])[] = [
  [
    "fit data.csv --out m.safetensors --bandwidth 0 --flow kde",
    2,
    '--bandwidth must be a positive number, got "0".',
  ],
  ["fit data.csv --out m.safetensors --weight-decay -1", 2, '--weight-decay must be 0 or more, got "-1".'],
  [
    "fit data.csv --out m.safetensors --flow sliced --knots 7",
    2,
    '--knots must be an integer from 8 to 256, got "7".',
  ],
  [
    "fit data.csv --out m.safetensors --flow gaussianization --rotation pcaa",
    2,
    '--rotation must be pca, ica or random, got "pcaa"; did you mean pca?',
  ],
  ["compare data.csv --test 1", 2, '--test must be a share of the rows between 0 and 1, got "1".'],
  [
    "approximate --density -mu^2 --parameters mu=real --draws 0",
    2,
    '--draws must be a positive integer, got "0".',
  ],
  [
    "",
    2,
    "no command given; the commands are describe, fit, logprob, sample, evaluate, anomalies, divergence, marginal, quantile, cdf, impute, import, export, verify, serve, inspect, information, plot, compare, approximate; see pushforward --help.",
  ],
  [
    "fti data.csv --out m.safetensors",
    2,
    'there is no command "fti" (did you mean fit?); see pushforward --help.',
  ],
  ["fit", 2, "--out <file> is required; see pushforward fit --help."],
  ["fit data.csv", 2, "--out <file> is required; see pushforward fit --help."],
  [
    "fit data.csv x --out m.safetensors",
    2,
    'too many arguments for "fit": expected 1, got 2; see pushforward fit --help.',
  ],
  ["fit data.csv --out", 2, "--out <file> needs a value; see pushforward fit --help."],
  ["fit data.csv --out m.pt", 2, '--out must end in .safetensors (a model), got "m.pt".'],
  ["fit data.csv --out nowhere/m.safetensors", 1, '--out: there is no folder "nowhere"; create it first.'],
  [
    "fit data.csv --out folder.safetensors",
    1,
    '--out: cannot write "folder.safetensors": it is a folder, not a file; add a file name.',
  ],
  ["fit absent.csv --out m.safetensors", 1, 'cannot read "absent.csv": there is no such file.'],
  ["fit folder.safetensors --out m.safetensors", 1, '"folder.safetensors" is a folder without files.'],
  [
    "fit xy.safetensors --out m.safetensors",
    2,
    '"xy.safetensors" has the extension .safetensors, which is not a table format; known are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .arrows, .feather, each also with .gz.',
  ],
  ["fit notes.txt --out m.safetensors", 1, "notes.txt: 1 usable row; fitting needs at least 10."],
  [
    "fit text.csv --out m.safetensors",
    1,
    'text.csv: column "x" (row 2): "oops" is not a number; if it stands for a missing value, pass --na oops; else mend the cell, or leave the column out with --columns y.',
  ],
  [
    "fit data.csv --out m.safetensors --epoch 5",
    2,
    "there is no option --epoch (did you mean --epochs?); see pushforward fit --help.",
  ],
  ["fit data.csv --out m.safetensors -n 5", 2, "there is no option -n; see pushforward fit --help."],
  ["fit data.csv --out m.safetensors --epochs many", 2, '--epochs must be a positive integer, got "many".'],
  ["fit data.csv --out m.safetensors --epochs", 2, "--epochs <n> needs a value; see pushforward fit --help."],
  [
    "fit data.csv --out m.safetensors --epochs --seed 1",
    2,
    '--epochs must be a positive integer, got "--seed".',
  ],
  ["fit data.csv --out m.safetensors --seed 1e30", 2, '--seed must be an integer, got "1e30".'],
  [
    "fit data.csv --out m.safetensors --validation 20%",
    2,
    '--validation must be a share of the rows, at least 0 and below 1, got "20%".',
  ],
  [
    "fit data.csv --out m.safetensors --hidden 64x64",
    2,
    '--hidden must be positive integers of at most 8192, such as 64,64, got "64x64".',
  ],
  [
    "fit data.csv --out m.safetensors --budget soon",
    2,
    '--budget must be a span of time such as 90s, 2m or 1h, got "soon".',
  ],
  [
    "fit data.csv --out m.safetensors --budget 5s --epochs 5",
    2,
    "--budget and --epochs both say how long to train; leave one of them out.",
  ],
  [
    "fit data.csv --out m.safetensors --flow gausian",
    2,
    '--flow must be realnvp, maf, nsf, nsf-ar, planar, radial, sylvester, residual, cnf, flow-matching, nice, iaf, naf, sospf, bpf, unaf, bnaf, ncsf, gf, ttf, mixture-of-flows, columns, gaussian, mixture, kde, gaussianization, sliced, dual-ascent or sphere, got "gausian"; did you mean gaussian?',
  ],
  [
    "fit data.csv --out m.safetensors --flow kde --hidden 8",
    2,
    "--hidden means nothing for --flow kde, which is fitted without gradients; leave it out.",
  ],
  [
    "fit data.csv --out m.safetensors --flow kde --components 3",
    2,
    "--components means nothing for --flow kde: it is an option of mixture; leave it out.",
  ],
  [
    "fit data.csv --out m.safetensors --flow kde --given c",
    2,
    "--given: kde fits the joint density of all its columns and cannot condition on some; use --flow nsf-ar.",
  ],
  [
    "fit data.csv --out m.safetensors --columns x,,y",
    2,
    '--columns must be names with a comma between two, got "x,,y".',
  ],
  [
    "fit data.csv --out m.safetensors --columns x,z",
    2,
    '--columns: data.csv has no column "z"; the columns are: x, y, c.',
  ],
  [
    "fit data.csv --out m.safetensors --columns x,y --given y",
    2,
    'column "y" is in both --columns and --given; name it in one of them.',
  ],
  [
    "fit data.csv --out m.safetensors --resume",
    2,
    "--resume needs --checkpoint FILE, the file to go on from.",
  ],
  [
    "fit data.csv --out m.safetensors --delimiter ;;",
    2,
    '--delimiter must be one character, "tab" or "blank", got ";;".',
  ],
  [
    "fit data.csv --out m.safetensors --encoding klingon",
    2,
    '--encoding must be a label such as utf-8, latin1, windows-1251 or shift_jis, got "klingon".',
  ],
  [
    "fit data.csv --out m.safetensors --parse x=money",
    2,
    '--parse of column "x" must be one or more of currency, percent, unit:m, thousands, decimal-point, decimal-comma, parentheses, trailing-minus, text-number, leading-zeros, boolean, text, got "money".',
  ],
  [
    "fit data.csv --out m.safetensors --limit columns=-1",
    2,
    "--limit columns must be a number of 1 or more, got -1.",
  ],
  [
    "fit data.csv --out m.safetensors --limit columns",
    2,
    '--limit must be such as columns=200000, got "columns".',
  ],
  [
    "fit data.csv --out m.safetensors --array a",
    2,
    "data.csv: --array can be chosen from a .npz archive alone; this is csv: leave --array out.",
  ],
  [
    "logprob data.csv xy.safetensors",
    1,
    "data.csv is not a safetensors file, or is truncated: it claims a header of 3184056357615119480 bytes and has 2314 after the length; a model is what save writes.",
  ],
  ["logprob xy.safetensors", 2, 'the argument "data" is missing; see pushforward logprob --help.'],
  [
    "logprob xy.safetensors text.csv",
    1,
    'text.csv: column "x" (row 2): "oops" is not a number; if it stands for a missing value, pass --na oops; else mend the cell.',
  ],
  [
    "logprob xy.safetensors data.csv --out xy.safetensors",
    2,
    '--out: "xy.safetensors" has the extension .safetensors, which is not a table format; known are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .arrows, .feather, each also with .gz.',
  ],
  [
    "logprob xy.safetensors data.csv --out data.csv",
    2,
    '--out "data.csv" is an input, which would be lost; choose another name.',
  ],
  [
    "logprob xy.safetensors data.csv --given c=1",
    2,
    '--given sets "c", but the model has no conditioning columns; leave it out.',
  ],
  [
    "logprob xy.safetensors data.csv --seed 1",
    2,
    "there is no option --seed (did you mean --unseen?); see pushforward logprob --help.",
  ],
  [
    "logprob xy.safetensors data.csv --append",
    2,
    "--append says what --out FILE holds; name the file, or - for standard output.",
  ],
  [
    "logprob xy.safetensors data.csv --unseen others",
    2,
    '--unseen must be impossible or other, got "others"; did you mean other?',
  ],
  [
    "logprob random.safetensors data.csv",
    1,
    "random.safetensors is not a safetensors file, or is truncated: it claims a header of 2338328219647830135 bytes and has 5 after the length; a model is what save writes.",
  ],
  ["sample xy.safetensors", 2, "-n <rows> is required; see pushforward sample --help."],
  ["sample xy.safetensors -n -5", 2, '-n must be a whole number from 1, got "-5".'],
  [
    "sample xy.safetensors -n 5 --given c=1",
    2,
    '--given sets "c", but the model has no conditioning columns; leave it out.',
  ],
  ["sample xy-c.safetensors -n 5", 2, 'the model needs a value of c; pass --given "c=1.5".'],
  ["sample xy-c.safetensors -n 5 --given c", 2, '--given must be such as "c=1.5,d=2", got "c".'],
  [
    "sample xy-c.safetensors -n 5 --given d=1",
    2,
    `--given: the model's condition has no column "d"; the columns are: c.`,
  ],
  [
    "sample xy.safetensors -n 5 --out out",
    2,
    '--out: "out" has no extension, which would tell its format; known are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .arrows, .feather, each also with .gz.',
  ],
  [
    "sample data.csv -n 5",
    1,
    "data.csv is not a safetensors file, or is truncated: it claims a header of 3184056357615119480 bytes and has 2314 after the length; a model is what save writes.",
  ],
  ["inspect", 2, 'the argument "model" is missing; see pushforward inspect --help.'],
  [
    "inspect data.csv",
    1,
    "data.csv is not a safetensors file, or is truncated: it claims a header of 3184056357615119480 bytes and has 2314 after the length; a model is what save writes.",
  ],
  [
    "plot xy.safetensors --out plot.jpg",
    2,
    '--out must end in .svg or .png or .html (a figure), got "plot.jpg".',
  ],
  [
    "plot xy.safetensors data.csv --out plot.svg --columns q",
    2,
    '--columns: the model has no column "q"; the columns are: x, y.',
  ],
  [
    "compare data.csv --flow kde",
    2,
    "there is no option --flow (did you mean --flows?); see pushforward compare --help.",
  ],
  [
    "compare data.csv --test 0.2 --folds 3",
    2,
    "--test and --folds exclude each other: folds hold out each row once; leave one of them out.",
  ],
  ["compare data.csv --folds 1", 2, '--folds must be a whole number from 2, got "1".'],
  ["information data.csv --between x", 2, '--between must be groups of columns such as a,b:c, got "x".'],
  ["information data.csv --between x:q", 1, 'data.csv: there is no column "q"; the columns are: x, y, c.'],
  [
    "approximate",
    2,
    'what is to be approximated? Name a module, or write --density "FORMULA" --parameters "mu=real, tau=positive".',
  ],
  ["approximate absent.mjs", 2, "absent.mjs: there is no such file."],
  ["approximate density.mjs", 2, "density.mjs exports no function logDensity(parameters, ops)."],
  ["approximate --density mu^2", 2, '--density needs its parameters: --parameters "mu=real, tau=positive".'],
  [
    "approximate --density -mu^2 --parameters mu=reel",
    2,
    '--parameters: "mu=reel" is not name=real, name=positive, name=LOW:HIGH or name[SIZE]=...; an example: "mu=real, tau=positive, p=0:1, eta[8]=real".',
  ],
  [
    "approximate --density -m^2 --parameters mu=real",
    2,
    'formula "-m^2", column 2: there is no "m"; the names are mu, pi, e.',
  ],
  [
    "approximate --density -mu^2 --parameters mu=real -n 5",
    2,
    "-n is the number of samples that --samples FILE holds; name the file.",
  ],
  [
    "approximate --density -mu^2 --parameters mu=real --flow maf",
    2,
    '--flow must be nsf, realnvp, planar, radial or sylvester, got "maf".',
  ],
];

test("there are forty, and more", () => expect(lines.length).toBeGreaterThanOrEqual(40));

describe("a wrong command line", () => {
  it.each(lines)("is answered in one line: pushforward %s", async (line, code, message) => {
    const result = await runInProcess(line.split(" ").filter(Boolean));
    expect(result).toEqual({ stdout: "", stderr: `${message}\n`, code });
  });
});
