import { someInEnglish as some } from "./some";

/** What the column of lessons says. */
export const guide = {
  welcome: "Where to begin",
  lessons: "Lessons",
  fold: "Fold this column away",
  unfold: "Open the guide",
  hello: "Write commands; watch a cache obey them. Every step can be taken back.",
  first: (title: string) => `Start with lesson 1: ${title}`,
  firstHelp: (minutes: number) => `${some(minutes, "minute", "minutes")}, no knowledge needed`,
  goOn: (title: string) => `Go on: ${title}`,
  goOnHelp: "Your next lesson",
  free: "Play freely",
  freeHelp: "Your own script, with nothing in its way",
  grade: "Hand in your code",
  gradeHelp: "Every point of your submission, and why",
  try: "Or just press Run: a first script is ready.",
  loading: "The lessons are loading.",
  none: "This page came without lessons. `cargo xtask play` builds them.",
  gone: "This lesson is not part of this page.",
  solved: (done: number, all: number) => `${done} of ${all} solved`,
  points: (score: number) => some(score, "point", "points"),
  minutes: (minutes: number) => `${minutes} min`,
  kinds: { predict: "Predict", expose: "Expose", repair: "Repair", design: "Design" },
  export: "Export",
  import: "Import",
  importWrong: "This is no file of progress: choose one that this page exported.",
  imported: (lessons: number, scripts: number) =>
    lessons + scripts === 0
      ? "Nothing new: all of it is here already."
      : `Brought in: progress in ${some(lessons, "lesson", "lessons")}, ${some(scripts, "script", "scripts")}.`,
  reset: "Forget",
  resetTitle: "Forget your progress?",
  resetHelp:
    "This page forgets which lessons you solved, your points, and the hints that you took. Your scripts stay. Export first if you may want the rest back.",
  resetYes: "Forget my progress",
  example: "An example",
  runExample: "Run the example",
  task: "Your task",
  check: "Check",
  hint: (number: number, all: number) => `Hint ${number} of ${all}`,
  again: "Begin again",
  verdict: "Verdict",
  states: {
    checking: "Checking…",
    stopped: "The check was stopped.",
    unloaded: "The program to hunt could not be loaded: check the connection, then try again.",
  },
  isSolved: (score: number) => `Solved: ${score} of 100 points.`,
  notYet: "Not yet.",
  outdated: "Your script has changed since it was checked: check it again.",
  par: (length: number, par: number) =>
    length <= par
      ? `${some(length, "line", "lines")}: nobody is known to need fewer.`
      : `${some(length, "line", "lines")}; it can be done in ${par}.`,
  parting: (line: number) => `Line ${line} is where they part`,
  sound: "The sound cache",
  other: "The one with the bug",
  learned: "What there was to learn",
  diff: "The bug itself",
  next: (title: string) => `Next: ${title}`,
};
