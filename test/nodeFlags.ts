/** Flags of Node for processes of tests, most of which run for a second or two. Results do not depend on them. */
export const nodeFlags: readonly string[] = [
  // Threads that collect garbage for three workers on two cores mostly wait for each other: a tenth of the processor time.
  "--single-threaded-gc",
  // What is made and forgotten within a test is mostly gone before it is looked at in 64 MB, four times as many as usual: a tenth less.
  "--max-semi-space-size=64",
  // Code is optimized as early as in a program that stays: in a process that does not, this takes a fifth of the time. Node 24 does not
  // start with this flag.
  ...(Number(process.versions.node.split(".")[0]) < 24 ? ["--interrupt-budget=540000"] : []),
];
