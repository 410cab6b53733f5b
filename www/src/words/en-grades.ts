/** What the dialog to hand in says. */
export const grades = {
  open: "Grade",
  title: "Grade a submission",
  nobody:
    "Nobody grades here: no grader answers at this address. Open the one that your teacher gave you; on a machine of your own run `grader serve`, which prints one and serves this page too.",
  away: "Nothing answers at this address: check the connection. Until then no source is graded here; a report that is there stays.",
  /** Between the last two of some names. */
  or: "or",
  hand: (roots: string, isFolder: boolean) =>
    isFolder
      ? `Drop the whole folder or a .zip of it here (${roots} alone is not enough), or choose all its files:`
      : `Drop a folder, a .zip or a file (${roots}) here, or choose files:`,
  choose: "Choose files…",
  task: "What is asked: the statement, the points, a starter",
  telling: "The statement is coming.",
  untold: "The grader does not tell it: is `grader serve` still running?",
  rows: (points: number, passing: number) => `Points: ${points}; passed from ${passing}`,
  starter: (language: string) => (language ? `Download the starter in ${language}` : "Download the starter"),
  begin: (id: string) =>
    `On your own machine: \`grader init ${id} DIR\` begins it in a folder, \`grader grade DIR --exercise ${id}\` grades it.`,
  notHere: (id: string) =>
    `This page starts no programs, so a service is graded from the command line: start yours, then run \`grader grade --exercise ${id} --url http://127.0.0.1:PORT\`.`,
  exercise: "Exercise",
  gradingHere: (name: string) => `Checking ${name}.`,
  grading: (name: string) =>
    `Building and checking ${name}. The first time, known bugs are built and checked too: it takes longer.`,
  points: (points: number, max: number) => `${points} / ${max}`,
  passed: "points: passed.",
  failed: (passing: number) => `points: not passed yet, which takes ${passing}.`,
  notGradable: "Nothing to grade: mend what is listed, then hand it in again.",
  nothingToGrade: (name: string, why: string) => `Nothing to grade: ${name}: ${why}`,
  verdict: {
    build_failed: "The submission did not compile.",
    forbidden: "The submission uses something that is not allowed.",
    harness_error: "The grader itself failed. This is not your fault.",
  },
  refused: {
    nothing: "There is no file to grade: choose your source files, their folder, or a .zip of it.",
    unreadable: "A file cannot be read any more: choose it anew.",
    tooLarge: "This is too much for a submission: hand in source files only, without `target`.",
    program: "This is no program that `grader build` made: build it again, for this exercise.",
    stopped: "Grading was stopped.",
    brokenOff: "The page was loaded anew while it graded: hand in again.",
    endless:
      "Your program was ended: its checks took too long. Look for a loop that never ends; `grader grade` names the check.",
    noBrief: "This page came without checks: hand in the source where a grader serves the page.",
    sourceOnly:
      "This page grades no program on this exercise: hand in its source, where `grader serve` serves the page, or run `grader grade`.",
    unreachable: "The grader does not answer: is `grader serve` still running?",
  },
  of: (exercise: string) => `Exercise: ${exercise}.`,
  graded: (path: string, digest: string) => `Graded: ${path} (SHA-256 ${digest}…)`,
  handed: (path: string) => `Handed in: ${path}`,
  otherLanguage: "This report is in the language in which it was graded.",
  otherLanguageAnew:
    "This report is in the language in which it was graded: hand in again to have it in English.",
  again: "Grade again in English",
  elsewhere: (exercise: string) => `The last report is on another exercise: ${exercise}.`,
  showIt: "Show it",
  quoted: (title: string) => `“${title}”`,
  behavesLike: "It behaves like a known bug",
  expected: "expected",
  actual: "found",
  alsoFails: "Also fails",
  tryOwn: "See what your program does",
  tryReference: "See what the reference does",
  answered: "What your program answered:",
  story: "The order of threads that shows it:",
  notKept:
    "The page was loaded anew since, and your program was too large to be kept: hand it in again, then this opens on it.",
  nothingOfIt:
    "Nothing that this exercise asks for is in your program. Was it built for another exercise? Then choose that one.",
  here: "Your program was graded on the public checks, in this page. Only your teacher's own grading counts.",
  program: "To grade a program that `grader build` made, drop its .wasm here: that needs no grader.",
  stop: "Stop grading",
  verdicts: {
    pass: "passed",
    fail: "failed",
    not_implemented: "not written yet",
    panic: "panicked",
    deadlock: "deadlocked",
    race: "depends on the order of threads",
    timeout: "never ended",
    out_of_memory: "ran out of memory",
    forbidden: "forbidden",
    flaky: "not twice the same",
    skipped: "skipped",
    harness_error: "not judged",
  },
};
