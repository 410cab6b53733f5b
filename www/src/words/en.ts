import type { Dialect } from "../engine/worker";

const lab = `# A cache of 100 bytes: press Run, or Step.
node new 100 lru
node set key1 40*x      # forty times x
node set key2 40*x
node get key1
node set key3 40*x      # no room: who goes?
node get key2
expect nothing

# Time passes only when a script says so.
node set session token ttl 10s
tick 6s
node get session

# Three nodes share all keys, 150 points each.
ring new 150
ring add A
ring add B
ring add C
ring where user:42
ring spread key 1000
`;

export const en = {
  tagline: "Write commands. Watch a cache obey them.",
  skip: "Skip to the script",
  language: "Language",
  theme: { label: "Colours", system: "Auto", light: "Light", dark: "Dark" },
  dialect: "Language of the script",
  dialects: {
    line: "Line",
    memcached: "Memcached",
    rest: "REST",
    lab: "Lab",
  } satisfies Record<Dialect, string>,
  examples: "Examples",
  chooseExample: "Examples…",
  script: "Script",
  scriptLabel: "Script, one command a line",
  seed: "Seed",
  seedHelp: "Where the world's randomness comes from: the same seed, the same run.",
  seedWrong: "Write a whole number from 0 to 18446744073709551615.",
  run: "Run",
  step: "Step",
  back: "Back",
  stop: "Stop",
  reset: "Reset",
  share: "Share",
  hints: {
    run: "Run to the end (Ctrl+Enter)",
    step: "Obey the next command (F10)",
    back: "Go back by one command (F9)",
    stop: "Stop the run (Esc)",
    reset: "Back to before the first command; the script stays",
  },
  output: "Output",
  outputEmpty: "Press Run: the answers appear here.",
  outputCut: (shown: string, all: string) => `The first ${shown} of ${all} lines.`,
  copy: "Copy all",
  copied: "Copied",
  timeline: "Timeline",
  timelineEmpty:
    "Every event of a run appears here, with its time. Choose one to see the world as it was then.",
  timelineHelp: "Choose an event to see the world right after its command. Up and down arrows move.",
  goTo: (command: number, what: string) => `Command ${command}: ${what}`,
  ring: {
    title: "Hash ring",
    empty: "No ring yet. A script makes one with “ring new”.",
    summary: (nodes: number, points: string) =>
      `${nodes} ${nodes === 1 ? "node" : "nodes"}, ${points} points`,
    picture: (nodes: number, points: string) =>
      `A ring with ${points} points of ${nodes} nodes. The table below says the same in numbers.`,
    tooMany: "There are too many points to draw; the table has the exact shares.",
    node: "Node",
    points: "Points",
    share: "Share",
    state: "State",
    alive: "alive",
    dead: "dead",
    find: "Where is this key?",
    findHint: "a key",
    place: (key: string, owner: string) => `${key} belongs to ${owner}`,
    placeNone: (key: string) => `${key} belongs to nobody`,
    keys: "Keys on the ring",
    weight: (weight: number) => `weight ${weight}`,
  },
  node: {
    title: "Cache",
    empty: "No cache yet. A script makes one with “node new”.",
    emptyPairs: "Nothing is stored.",
    pairs: (count: string) => `${count} stored`,
    key: "Key",
    value: "Value",
    bytes: "Bytes",
    reads: "Reads",
    left: "Time left",
    forever: "no limit",
    expired: "expired",
    next: "leaves next",
    more: (count: string) => `and ${count} more`,
    noEntries: "Empty.",
    memory: "Memory",
    ofBytes: (used: string, limit: string) => `${used} of ${limit} bytes`,
    order: (policy: string) => `In the order in which ${policy} would let them go`,
    clock: "Clock",
  },
  stats: {
    title: "Counters",
    hits: "Hits",
    misses: "Misses",
    hitRate: "Hit rate",
    evictions: "Evicted",
    expired: "Expired",
    entries: "Entries",
    none: "–",
  },
  status: {
    loading: "The engine is loading.",
    ready: "Ready.",
    running: (position: string, total: string) => `Running: ${position} of ${total} commands.`,
    at: (position: string, total: string) => `After command ${position} of ${total}.`,
    start: "Before the first command.",
    done: (total: string) => `Done: ${total} ${total === "1" ? "command" : "commands"}.`,
    ended: (position: string) => `The run ended at command ${position}.`,
    stopped: (position: string) => `Stopped after command ${position}.`,
    held: (count: number) => (count === 1 ? "1 expectation held" : `${count} expectations held`),
    heldByReference: (count: number) =>
      count === 1 ? "the reference holds 1 expectation" : `the reference holds ${count} expectations`,
    broken: (count: number) => (count === 1 ? "1 is broken" : `${count} are broken`),
    line: (line: number) => `Line ${line}`,
    refused: (count: number) =>
      count === 1 ? "1 line is answered with an error" : `${count} lines are answered with an error`,
    mistakes: (count: number) => (count === 1 ? "1 line cannot be read" : `${count} lines cannot be read`),
    stale: "The script has changed since this run.",
    empty: "The script has no command yet.",
    failed: "The engine failed and was started afresh; your script is safe.",
    unloaded: "The engine could not be loaded. Check the connection, then load the page again.",
    unsaved: "This browser does not let the page save your work: copy your script before you leave.",
  },
  banner: {
    link: "This script came with a link. Your own work is untouched.",
    example: (title: string) => `Example: ${title}. Your own work is untouched.`,
    mine: "Back to my script",
    original: "Show the original",
    retry: "Try again",
    kept: (time: string) => `This script has another text too, of ${time}: both are kept.`,
    take: "Show the other",
    forget: "Forget the other",
    check: (title: string, expected?: string, actual?: string) =>
      `The check “${title}”. The reference obeys it here, not your submission.${
        actual
          ? ` Your submission answered “${actual}”${expected ? `, expected was “${expected}”` : ""}.`
          : ""
      }`,
    version: (version: string) =>
      `This link is of version ${version}, which this page does not know. Ask for a newer page or an older link.`,
    damaged: "This link is damaged: part of it is missing or changed. Ask for it again.",
    close: "Close",
  },
  sharing: {
    title: "A link to this script",
    copied: "The link is copied.",
    copy: "Copy",
    manual: "Copy this link:",
    long: (characters: string) =>
      `It is ${characters} characters long; some messengers cut links of over 2,000.`,
    contains: "It carries the script, its seed and the command where you are.",
  },
  grades: {
    open: "Grade",
    title: "Grade a submission",
    nobody:
      "Nobody grades here: this page came without a grader. Run `grader serve` and open the address that it prints; it serves this page too.",
    hand: "Drop a folder, a .zip or src/lib.rs here, or choose files:",
    exercise: "Exercise",
    grading: "Compiling and checking. The first time, known bugs are compiled too: it takes longer.",
    points: (points: number, max: number) => `${points} / ${max}`,
    passed: "points: passed.",
    failed: (passing: number) => `points: not passed yet, which takes ${passing}.`,
    verdict: {
      build_failed: "The submission did not compile.",
      forbidden: "The submission uses something that is not allowed.",
      harness_error: "The grader itself failed. This is not your fault.",
    },
    refused: {
      nothing: "There is no file to grade: choose src/lib.rs, its folder, or a .zip of it.",
      tooLarge: "This is too much for a submission: hand in source files only, without `target`.",
      unreachable: "The grader does not answer: is `grader serve` still running?",
    },
    graded: (path: string, digest: string) => `Graded: ${path} (SHA-256 ${digest}…)`,
    behavesLike: "It behaves like a known bug",
    expected: "expected",
    actual: "found",
    tryIt: "See what the reference does",
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
  },
  commands: {
    title: "All commands",
    rest: "A line that begins with # is a comment. Ctrl+Space completes a command.",
    usage: "Written",
    help: "What it does",
  },
  starter: "The first script",
  starters: {
    lab,
    line: "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT\n",
    memcached:
      "set greeting 0 60 5\nhello\nget greeting\nset visits 0 0 1\n9\nincr visits 1\ndelete greeting\nget greeting\n",
    rest: `PUT /api/v1/cache/users/u1 {"value": {"name": "Ada"}, "ttl": 60}
GET /api/v1/cache/users/u1
GET /api/v1/cache/users/stats
DELETE /api/v1/cache/users/u1
GET /api/v1/cache/users/u1
`,
  } satisfies Record<Dialect, string>,
};

export type Words = typeof en;
