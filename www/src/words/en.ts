import type { Dialect } from "../engine/worker";
import { grades } from "./en-grades";
import { guide } from "./en-guide";
import { someInEnglish as some } from "./some";

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

const answered = (expected: string | undefined, actual: string | undefined) =>
  actual ? ` Your submission answered “${actual}”${expected ? `, expected was “${expected}”` : ""}.` : "";

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
  deepExamples: "A cluster, fault by fault",
  script: "Script",
  scriptLabel: "Script, one command a line",
  seed: "Seed",
  seedHelp: "Where the world's randomness comes from: the same seed, the same run.",
  seedWrong: "Write a whole number from 0 to 18446744073709551615.",
  run: "Run",
  step: "Step",
  back: "Back",
  pause: "Pause",
  play: "Play",
  stop: "Stop",
  reset: "Reset",
  share: "Share",
  hints: {
    run: "Run to the end (Ctrl+Enter)",
    step: "Obey the next command (F10)",
    back: "Go back by one command (F9)",
    stop: "Stop the run (Esc)",
    play: "Go on by itself, one command after the other",
    reset: "Back to before the first command; the script stays",
  },
  tools: {
    toLine: "Run to the line of the cursor (Ctrl+F10)",
    fork: "Fork: go on from here on a copy; this script stays as it is",
  },
  output: "Output",
  outputEmpty: "Press Run: the answers appear here.",
  outputCut: (shown: string, all: string) => `The last ${shown} of ${some(all, "line", "lines")}.`,
  copy: "Copy all",
  copied: "Copied",
  timeline: "Timeline",
  timelineEmpty:
    "Every event of a run appears here, with its time. Choose one to see the world as it was then.",
  timelineHelp: "Choose an event to see the world right after its command. Up and down arrows move.",
  goTo: (command: number, what: string) => `Command ${command}: ${what}`,
  ring: {
    title: "Hash ring",
    summary: (nodes: number, points: string) =>
      `${some(nodes, "node", "nodes")}, ${some(points, "point", "points")}`,
    picture: (nodes: number, points: string) =>
      `A ring with ${some(points, "point", "points")} of ${some(nodes, "node", "nodes")}. The table below says the same in numbers.`,
    tooMany: "There are too many points to draw; the table has the exact shares.",
    near: "Zoom",
    along: "On, clockwise",
    against: "Back, against the clock",
    node: "Node",
    points: "Points",
    share: "Share",
    dead: "dead",
    find: "Where is this key?",
    place: (key: string, owner: string) => `${key} belongs to ${owner}`,
    placeNone: (key: string) => `${key} belongs to nobody`,
    keys: "Keys on the ring",
    moved: (share: string, modulo: string) =>
      `${share} % of all keys changed hands; “hash mod nodes” would have moved ${modulo} %.`,
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
    ofBytes: (used: string, limit: string) => `${used} of ${some(limit, "byte", "bytes")}`,
    order: (policy: string) => `In the order in which ${policy} would let them go`,
    clock: "Clock",
    departures: "Gone at this command",
    whyEvicted: {
      lru: "made room: it was used longest ago",
      lfu: "made room: it was used least often",
      fifo: "made room: it was stored first",
      ttl: "made room: its time would have come first",
    },
    why: "made room",
    whyExpired: "its time was over",
  },
  stats: {
    title: "Counters",
    hits: "Hits",
    misses: "Misses",
    hitRate: "Hit rate",
    evictions: "Evicted",
    expired: "Expired",
    entries: "Entries",
    overTime: "Hit rate over time",
    none: "–",
  },
  status: {
    loading: "The engine is loading.",
    ready: "Ready.",
    checking: "Checking the script …",
    running: (position: string, total: string) =>
      `Running: ${position} of ${some(total, "command", "commands")}.`,
    at: (position: string, total: string) => `After command ${position} of ${total}.`,
    waiting: "Waiting for the program that is to obey.",
    lacking: "The program that is to obey is not here: nothing runs.",
    start: "Before the first command.",
    done: (total: string) => `Done: ${some(total, "command", "commands")}.`,
    ended: (position: string) => `The run ended at command ${position}.`,
    stoppedFirst: "Stopped before the first command was done.",
    stopped: (position: string) => `Stopped after command ${position}.`,
    held: (count: number) => `${some(count, "expectation", "expectations")} held`,
    heldByReference: (count: number) => `the reference holds ${some(count, "expectation", "expectations")}`,
    broken: (count: number) => some(count, "is broken", "are broken"),
    line: (line: number) => `Line ${line}`,
    severalLines: "Lines",
    refusedWith: (answer: string) => `This was answered with an error: ${answer}`,
    lines: {
      blank: (count: number) => `${some(count, "answer", "answers")} to fill in`,
      mistake: (count: number) => `${some(count, "line", "lines")} cannot be read`,
      refused: (count: number) => `${some(count, "line is", "lines are")} answered with an error`,
      doubt: (count: number) => `${some(count, "line", "lines")} to look at again`,
    },
    stale: "The script has changed since this run.",
    empty: "The script has no command yet.",
    unread: "No line of the script can be read: what is marked says why.",
    failed: "The engine failed and was started afresh; your script is safe.",
    endless:
      "The program took too long to answer and was ended. Look for a loop that never ends; your scripts are safe, and other programs run.",
    unloaded: "The engine could not be loaded. Check the connection, then load the page again.",
    unsaved: "This browser does not let the page save your work: copy your script before you leave.",
  },
  banner: {
    link: "This script came with a link. Your own work is untouched.",
    lack: {
      unknown:
        "This script shows what another program answers, and this page has not got it: nothing runs. Choose its .wasm under “Who obeys”, or let the reference obey.",
      unreachable:
        "The program that is to obey could not be loaded: nothing runs. Check the connection, then try again.",
    },
    lackSaid: (why: string) => `The program that is to obey could not be had: nothing runs. ${why}`,
    reference: "Let the reference obey",
    example: (title: string) => `The example “${title}”. Your own work is untouched.`,
    mine: "Back to my script",
    forkedFrom: "Back to where it was forked",
    fork: (command: string) =>
      `A fork: it goes as the other script went up to command ${command}. That script is untouched.`,
    pasted: "This text was meant in another language than the sheet it was written on, which is untouched.",
    meant: (dialect: string) => `This looks like a script in the language “${dialect}”.`,
    takeMeant: "Open it so",
    original: "Show the original",
    retry: "Try again",
    kept: (time: string) => `This script has another text too, of ${time}: both are kept.`,
    take: "Show the other",
    forget: "Forget the other",
    ownCheck: (title: string) => `The check “${title}”. Your program obeys it here.`,
    check: (title: string, expected?: string, actual?: string) =>
      `The check “${title}”. The reference obeys it here, not your submission.${answered(expected, actual)}`,
    ofCheck: (title: string, expected?: string, actual?: string) =>
      `The check “${title}”.${answered(expected, actual)}`,
    version: (version: string) =>
      `This link is of version ${version}, which this page does not know. Ask for a newer page or an older link.`,
    long: "This link holds a line of more than 100,000 characters, which is no script: ask for another.",
    noLesson: (id: string) =>
      `This page has no lesson “${id}”: the list of lessons has those that there are.`,
    damaged: "This link is damaged: part of it is missing or changed. Ask for it again.",
    close: "Close",
  },
  sharing: {
    title: "A link to this script",
    copied: "The link is copied.",
    copy: "Copy",
    manual: "Copy this link:",
    long: (characters: string) =>
      `It is ${some(characters, "character", "characters")} long; some messengers cut links of over 2,000.`,
    files: "As files",
    trace: "All events (JSON)",
    handout: "Commands and answers (text)",
    transcript: "Answers alone (text)",
    pictures: { ring: "Ring (SVG)", messages: "Messages (SVG)" },
    contains: "It carries the script, its seed and the command where you are.",
  },
  grades,
  guide,
  strip: {
    scrubber: "Where the run stands",
    scrubberHelp: "Drag to any command. Marks: an entry left, a fault, a broken expectation.",
    place: (here: string, all: string) => `after command ${here} of ${all}`,
    speed: (speed: string) => `${speed}/s`,
    speedHelp: "Commands a second while playing",
  },
  subjects: {
    label: "Who obeys",
    reference: "Reference",
    hunted: "The one with the bug",
    dropped: "Your program",
    absent: "A program that is not here",
    open: "Open a .wasm…",
    wrong: "This file is no program that `grader build` made.",
    compare: "Beside the reference",
    never: "On this script it answers as the reference does.",
    partAt: (line: number) => `They part at line ${line}`,
    theirs: "The reference",
    own: "Your program",
    silent: "(no answer)",
    before: "Stand before it",
  },
  world: {
    title: "World",
    only: "World only",
    all: "Show all",
    onlyHelp: "The world alone, with large type: for a projector. The address remembers it.",
    bare: "What your commands make appears here: memory, who leaves next, the ring, the clock.",
    bareAfter: "The commands so far made nothing that can be drawn. Their answers stand at their lines.",
    offers: [
      ["A cache", "node new 100 lru\nnode set a 40*x"],
      ["A cluster", "cluster nodes=3\nwrite a 1\nread a"],
      ["A ring", "ring new 20\nring add A\nring add B\nring add C\nring where user:42"],
    ] as [string, string][],
  },
  cluster: {
    title: "Cluster",
    status: { up: "up", paused: "paused", down: "down", left: "left" },
    leader: (term: number) => `leads term ${term}`,
    epoch: (epoch: number) => `ring epoch ${epoch}`,
    behind: "catching up",
    memory: (used: string, limit: string) => `${used} of ${limit} B`,
    evicted: (count: number) => `evicted ${some(count, "value", "values")}`,
    hints: (count: number) => `keeps ${some(count, "hint", "hints")}`,
    shift: (by: string) => `wall clock ${by} off`,
    rules: "In force:",
    delayed: (from: string, to: string, by: string) => `${from} → ${to} ${by} late`,
    dropped: (percent: string) => `${percent} % of messages lost`,
    duplicated: (percent: string) => `${percent} % doubled`,
    reordered: (by: string) => `each up to ${by} late, out of order`,
    cutOff: (ids: string) => `unheard by ${ids}`,
    tombstone: "deleted",
    kill: "Kill",
    pause: "Pause",
    resume: "Resume",
    restart: "Restart",
    skew: "Skew +10 s",
    messages: "Messages while this command ran",
    messageCount: (count: number) => some(count, "message", "messages"),
    underWayCount: (count: number) => `${count} still under way`,
    foreignCount: (count: number) => `${count} of other operations (pale)`,
    leftOut: (count: number) => `${count} of them left out here`,
    noMessages: "No message came or was lost meanwhile. Step to a command that writes or reads.",
    picture: "A column for each node, time downwards; the list below says the same in words.",
    inWords: "In words",
    choose: "Choose an arrow to read what it carried, and when.",
    version: (version: string) => `version ${version}`,
    message: (from: string, to: string, what: string) => `${from} → ${to}: ${what}`,
    received: (what: string, sent: string, took: string) =>
      `${what}, sent at ${sent}, received ${took} later`,
    lost: (what: string, sent: string) => `${what}, sent at ${sent}, never received`,
    underWay: (what: string, sent: string) => `${what}, sent at ${sent}, still under way`,
    waiting: (what: string, sent: string, to: string) =>
      `${what}, sent at ${sent}, waits for ${to}, which is paused`,
  },
  faults: {
    title: "Change the world",
    split: "Cut one node off",
    heal: "Heal",
    settle: "Let it settle",
    second: "1 second",
    minute: "1 minute",
    ahead: "Wall clock +1 h",
    back: "Wall clock −1 h",
    add: (id: string) => `Add ${id}`,
    remove: (id: string) => `Remove ${id}`,
  },
  races: {
    open: "Race policies",
    title: "Five policies, one script",
    help: "Each policy's own node obeys the commands to the node in this script.",
    none: "The script has no command to a node yet.",
    policy: "Policy",
    parting: (line: number) => `They part at line ${line}`,
    letGo: (keys: string) => `lets ${keys} go`,
    keptAll: "keeps all",
    jump: "Go to that moment",
    together: "They let the same keys go all the way: give them more keys than fit, and read some twice.",
  },
  traces: {
    title: "The same race on a trace",
    help: "A trace lists what a real cache was asked. Belady's rule knows all that comes: where objects are of one size, nobody beats it.",
    choose: "Choose a file…",
    drop: "Drop a trace here, or choose a file (up to 32 MiB, not packed):",
    format: "Format",
    formats: {
      keys: "keys: one on each line",
      csv: "csv: a header with id, and size if it matters",
      msr: "msr: MSR Cambridge",
      arc: "arc: the ARC paper's",
      lirs: "lirs: the LIRS paper's",
      "oracle-general": "oracle-general: libCacheSim's",
    },
    size: "Size of each cache: bytes (1000, 64KiB) or a share of the working set (10%)",
    replay: "Replay",
    stop: "Stop",
    going: "Replaying.",
    stopped: "Stopped.",
    large: "the file has over 32 MiB: cut it, or replay it whole with `grader trace`",
    lost: "the browser cannot read this file: choose it again",
    done: (requests: string, objects: string, all: string, size: string) =>
      `${some(requests, "request", "requests")}, ${some(objects, "object", "objects")}; working set ${some(all, "byte", "bytes")}, each cache ${some(size, "byte", "bytes")}.`,
    empty: (rows: string) => `Left out, as their size is 0: ${rows}.`,
    parting: (request: string, key: string) => `They part at request ${request}, for ${key}`,
  },
  help: {
    title: "All commands and keys",
    /** Keys that keyboards of this language call otherwise. */
    names: {} as Record<string, string>,
    keys: "Keys",
    find: "Find a command",
    none: "No command has this in its form or its text.",
    complete: "Complete a command",
    leave: "Leave the editor with the keyboard",
  },
  commands: {
    title: "All commands",
    rest: "A line that begins with # is a comment. Ctrl+Space completes a command.",
    usage: "Written",
    help: "What it does",
  },
  strays: {
    title: "Forks and pasted scripts",
    fork: (command: string) => `Fork at ${command}`,
    forkHelp: (command: string) => `A fork after command ${command}`,
    pasted: "Pasted script",
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
