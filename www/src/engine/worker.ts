/**
 * What a worker does that owns the engine: `first.worker.ts` with the smallest module, `cluster.worker.ts` and
 * `whole.worker.ts` with what a larger one has besides.
 *
 * The page compiles the WebAssembly module once and posts it with `start`; that is all it takes to have a fresh
 * engine, so the page stops a runaway script by ending this worker and starting another.
 *
 * From the page, among others:
 * - `start`: here is the compiled module. Must come first; answered by `ready`.
 * - `speak`: which commands and examples are there, in this language? Answered by `spoken`.
 * - `read`: what is wrong with this script? Answered by `read` with the same id.
 * - `go`: stand right after command `to` of this script, and tell the events of the commands from `known` on. The
 *   way there is told in `moved` messages, the last of which has `hasArrived`. A later `go` replaces an earlier one.
 *
 * To the page: those answers; `failed` when the engine trapped: this worker is of no use then; and `wanting` when what is asked
 * takes a larger module, and which: nothing else comes of that message.
 *
 * Nothing here reads a script or judges an event: the engine does.
 */

import type { CommandHelp, Example, Race, Reading, Session, TraceRaced, View } from "../wasm/cachedojo.js";
import type { Attempt, Dialect, Lesson } from "./types";

type First = typeof import("../wasm/first.js");
type Whole = typeof import("../wasm/cachedojo.js");
type OnlyWhole =
  | "checkLesson"
  | "gradeProgram"
  | "lessonOpening"
  | "partingOf"
  | "programOf"
  | "race"
  | "runWhole"
  | "TraceRace";
/** What crosses to the engine: all of it, or what its first module has. */
export type Glue = Omit<First, "Session"> & { Session: SessionClass } & Partial<Pick<Whole, OnlyWhole>>;
type SessionClass = First["Session"] & Partial<Pick<Whole["Session"], "ofProgram">>;

export type { Dialect } from "./types";
export type Language = "en" | "fr";
/** The modules that are loaded on demand. */
export type Larger = "cluster" | "whole";

/** A run as a file: all events, the answers, or each command with its answers. */
export type RunFormat = "json" | "text" | "handout";

/** All that decides a run. The seed is a 64-bit number in decimal digits. */
export interface Script {
  text: string;
  dialect: Dialect;
  seed: string;
  /** Who obeys, by a name of the page's: nothing is the reference. */
  subject?: string | undefined;
}

export type ToWorker =
  | { kind: "start"; module: WebAssembly.Module }
  | {
      kind: "speak";
      language: Language;
      /** The examples' files, by their paths. */
      scenarios: Record<string, string>;
    }
  | { kind: "read"; id: number; text: string; dialect: Dialect; language: Language }
  | {
      kind: "go";
      run: number;
      /** Which of its run's wishes this is: the latest counts. */
      go: number;
      script: Script;
      /** Who obeys, where it is not the reference. */
      program?: WebAssembly.Module | undefined;
      /** Right after so many commands, or after all of a line and those above it. */
      goal: { to: number } | { toLine: number };
      known: number;
      keys: string[];
      /** In which events are told. */
      language: Language;
    }
  | { kind: "openLesson"; id: number; lesson: Lesson; language: Language }
  | {
      kind: "check";
      id: number;
      lesson: Lesson;
      script: string;
      language: Language;
      /** For a lesson to expose a bug: the sound program, and the one with the bug. */
      programs?: [WebAssembly.Module, WebAssembly.Module] | undefined;
    }
  | { kind: "race"; id: number; text: string; policies: string[] }
  | {
      kind: "trace";
      id: number;
      file: Blob;
      format: string;
      size: string;
      policies: string[];
      language: Language;
    }
  | { kind: "fork"; id: number; text: string; dialect: Dialect; position: number }
  | { kind: "part"; id: number; script: Script; program: WebAssembly.Module; language: Language }
  | {
      kind: "grade";
      id: number;
      /** The exercise's public part, as JSON. */
      brief: string;
      seed: string;
      program: WebAssembly.Module;
      bytes: Uint8Array<ArrayBuffer>;
      name: string;
      language: Language;
    }
  | {
      kind: "export";
      id: number;
      script: Script;
      /** Who obeys, where it is not the reference. */
      program: WebAssembly.Module | undefined;
      format: RunFormat;
    };

export type FromWorker =
  | { kind: "ready"; version: string }
  | {
      kind: "spoken";
      language: Language;
      commands: Record<Dialect, CommandHelp[]>;
      examples: NamedExample[];
    }
  | { kind: "read"; id: number; reading: Reading; words: Uint32Array }
  | {
      kind: "moved";
      run: number;
      /** The wish that was being followed. */
      go: number;
      position: number;
      total: number;
      isDone: boolean;
      hasArrived: boolean;
      /** The new events, as the engine wrote them: JSON arrays. */
      events: string[];
      /** Without its ring where `hasSameRing`: the one told last still stands. */
      view: View;
      hasSameRing: boolean;
    }
  | { kind: "opened"; id: number; script: string }
  | { kind: "checked"; id: number; attempt: Attempt }
  | { kind: "exported"; id: number; text: string }
  | { kind: "raced"; id: number; race: Race | undefined }
  /** How far a trace's replay has come: a share of 1. */
  | { kind: "tracing"; done: number }
  /** Its end: what came out, or why it was refused; neither where the file cannot be had. */
  | { kind: "traced"; id: number; raced?: TraceRaced; refused?: string }
  | { kind: "forked"; id: number; text: string }
  /** `Difference` as JSON, or `null`. */
  | { kind: "parted"; id: number; parting: string }
  /** `Report` as JSON (Rust: `judge::report::Report`). */
  | { kind: "graded"; id: number; report: string }
  | { kind: "wanting"; size: Larger }
  | { kind: "failed"; message: string }
  /** A program has the thread now, and may never give it back: what takes more than so many seconds is taken for endless. */
  | { kind: "entered"; seconds: number }
  | { kind: "left" }
  /** Not from the worker: it is still where it said `entered`. */
  | { kind: "endless" }
  /** Not from the worker: there is none, and none can be had. */
  | { kind: "unloaded"; message: string };

export type NamedExample = Example & { id: string };

type Go = Extract<ToWorker, { kind: "go" }>;

/** A script, who obeys it, and how far they have come. */
interface Played {
  script: Script;
  program: WebAssembly.Module | undefined;
  run: Session;
}

/** Thrown where this module lacks what is asked. */
class Wanting {
  readonly size: Larger;

  constructor(size: Larger) {
    this.size = size;
  }
}

/** How long the engine works before it shows how far it has come. */
const TURN_MS = 80;
/** Requests of a trace between two looks at the clock. */
const TURN_REQUESTS = 1_000;
/** What a program may take for a part of a run: nobody waits longer without a sign of life. */
const PART_SECONDS = 10;
/** What it may take for all that is asked at once: a report, a whole run. */
const WHOLE_SECONDS = 30;

let engine: Glue;
let started: Promise<unknown> | undefined;
let goal: Go | undefined;
let session: Played | undefined;
/** Of which run how many commands' events the page has been told; what it says itself may be older. */
let told = { run: -1, count: 0 };
/** What the last look at the world cost. */
let lookMs = 0;
/** The ring that the page was told last, as JSON, and in which run. */
let ringTold = { run: -1, json: "" };

/** Answers the page with this engine. Call once. */
export function serve(glue: Glue): void {
  engine = glue;
  addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
    if (data.kind === "start") {
      started = engine.default({ module_or_path: data.module });
    }
    try {
      await started;
      await obey(data);
    } catch (error) {
      if (error instanceof Wanting) {
        tell({ kind: "wanting", size: error.size });
      } else {
        tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      }
    }
  });
}

async function obey(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "start":
      return tell({ kind: "ready", version: engine.version() });
    case "speak":
      return tell({
        kind: "spoken",
        language: message.language,
        commands: {
          lab: engine.commands("lab", message.language),
          line: engine.commands("line", message.language),
          memcached: engine.commands("memcached", message.language),
          rest: engine.commands("rest", message.language),
        },
        examples: examples(message.scenarios, message.language),
      });
    case "read": {
      const { id, text, dialect, language } = message;
      const reading = engine.diagnose(text, dialect, language);
      if (reading.lacks) {
        throw new Wanting(reading.lacks);
      }
      return tell({ kind: "read", id, reading, words: engine.colours(text, dialect) });
    }
    case "openLesson":
      return tell({
        kind: "opened",
        id: message.id,
        script: owned(engine.lessonOpening)(message.lesson, message.language),
      });
    case "check": {
      const { id, lesson, script, language, programs } = message;
      const [sound, other] = programs?.map((module) => programOf(module)) ?? [];
      const attempt = lent(programs, WHOLE_SECONDS, () =>
        owned(engine.checkLesson)(lesson, script, language, sound, other),
      );
      return tell({ kind: "checked", id, attempt });
    }
    case "export": {
      const { id, script, format } = message;
      const { text, dialect, seed } = script;
      const program = message.program && programOf(message.program);
      const exported = lent(program, WHOLE_SECONDS, () =>
        owned(engine.runWhole)(text, dialect, BigInt(seed), program, format),
      );
      return tell({ kind: "exported", id, text: exported });
    }
    case "fork": {
      const { id, text, dialect, position } = message;
      return tell({ kind: "forked", id, text: engine.forkAt(text, dialect, position) });
    }
    case "part": {
      const { id, script, program, language } = message;
      const { text, dialect, seed } = script;
      const parting = lent(program, WHOLE_SECONDS, () =>
        owned(engine.partingOf)(text, dialect, BigInt(seed), programOf(program), language),
      );
      return tell({ kind: "parted", id, parting });
    }
    case "grade": {
      const { id, brief, seed, program, bytes, name, language } = message;
      const grade = owned(engine.gradeProgram);
      const report = lent(program, WHOLE_SECONDS, () =>
        grade(brief, BigInt(seed), language, programOf(program), bytes, name),
      );
      return tell({ kind: "graded", id, report });
    }
    case "race":
      return tell({
        kind: "raced",
        id: message.id,
        race: owned(engine.race)(message.text, message.policies),
      });
    case "trace":
      return tell({ kind: "traced", id: message.id, ...(await replay(message)) });
    case "go": {
      const isIdle = goal === undefined;
      goal = message;
      if (isIdle) {
        await pursue();
      }
    }
  }
}

/** Replays a trace in turns, so that it can be told how far it has come. */
async function replay({ file, format, size, policies, language }: Extract<ToWorker, { kind: "trace" }>) {
  const TraceRace = owned(engine.TraceRace);
  const bytes = await file.arrayBuffer().catch(() => undefined);
  if (!bytes) {
    return {};
  }
  let race: InstanceType<typeof TraceRace>;
  try {
    race = new TraceRace(new Uint8Array(bytes), format, size, policies, language);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || !(error instanceof Error)) {
      throw error;
    }
    return { refused: error.message };
  }
  while (race.position < race.total) {
    tell({ kind: "tracing", done: race.position / race.total });
    for (const end = performance.now() + TURN_MS; race.position < race.total && performance.now() < end; ) {
      race.step(TURN_REQUESTS);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  const raced = race.result();
  race.free();
  return { raced };
}

/** Does work in which a program has the thread, where there is one. */
function lent<T>(program: unknown, seconds: number, work: () => T): T {
  if (program === undefined) {
    return work();
  }
  tell({ kind: "entered", seconds });
  try {
    return work();
  } finally {
    tell({ kind: "left" });
  }
}

/** What only the whole engine has. */
function owned<T>(what: T | undefined): T {
  if (what === undefined) {
    throw new Wanting("whole");
  }
  return what;
}

/** Works in turns towards the goal, so that messages are heard in between. */
async function pursue(): Promise<void> {
  while (goal) {
    const next = goal;
    lent(next.program, PART_SECONDS, () => turn(next));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function turn({ run, go, script, program, keys, language, known: knownThere, goal: wanted }: Go): void {
  const known = told.run === run ? Math.max(told.count, knownThere) : knownThere;
  const at = sessionOf(script, program);
  const to = "to" in wanted ? wanted.to : at.run.commandsTo(wanted.toLine);
  goBack(at, Math.min(to, known));
  // Looking costs more the more there is to see: it gets a quarter of the time at most.
  const events = work(at, to, known, Math.max(TURN_MS, 3 * lookMs), language);
  const { position, total, isDone } = at.run;
  const hasArrived = isDone || position >= to;
  if (hasArrived) {
    goal = undefined;
  }
  told = { run, count: Math.max(known, position) };
  const began = performance.now();
  const view = at.run.view(keys);
  const json = JSON.stringify(view.ring ?? null);
  const hasSameRing = ringTold.run === run && ringTold.json === json;
  ringTold = { run, json };
  if (hasSameRing) {
    // Thousands of points, that the page would only compare with those that it has.
    view.ring = undefined;
  }
  tell({ kind: "moved", run, go, position, total, isDone, hasArrived, events, view, hasSameRing });
  lookMs = performance.now() - began;
}

/** Obeys commands up to `to` for about so long, and gives the events of those that are not known yet. */
function work({ run }: Played, to: number, known: number, ms: number, language: Language): string[] {
  const events: string[] = [];
  const end = performance.now() + ms;
  for (let count = 1; run.position < to && !run.isDone && performance.now() < end; count *= 2) {
    if (run.position < known) {
      run.skip(Math.min(count, Math.min(known, to) - run.position));
    } else {
      events.push(run.step(Math.min(count, to - run.position), language));
    }
  }
  return events;
}

/** The session of this script, wherever it stands: the one of before, or a new one at its beginning. */
function sessionOf(script: Script, program: WebAssembly.Module | undefined): Played {
  const { text, dialect, seed, subject } = script;
  const old = session?.script;
  const isSame =
    old?.text === text && old.dialect === dialect && old.seed === seed && old.subject === subject;
  if (session && isSame && session.program === program) {
    return session;
  }
  session?.run.free();
  session = undefined;
  const run = beginning(script, program);
  const { lacks } = run;
  if (lacks) {
    run.free();
    goal = undefined;
    throw new Wanting(lacks);
  }
  session = { script, program, run };
  return session;
}

/**
 * Has a session that stands after command `latest` go back to there or to before it: to a state that it remembers, else to
 * the beginning. One that stands later has obeyed commands that the page has not been told of.
 */
function goBack(played: Played, latest: number): void {
  if (played.run.position > latest && !played.run.rewind(latest)) {
    played.run.free();
    played.run = beginning(played.script, played.program);
  }
}

function beginning({ text, dialect, seed }: Script, program: WebAssembly.Module | undefined): Session {
  return program
    ? owned(engine.Session.ofProgram)(text, dialect, BigInt(seed), programOf(program))
    : new engine.Session(text, dialect, BigInt(seed));
}

function programOf(module: WebAssembly.Module) {
  return owned(engine.programOf)(module);
}

function examples(scenarios: Record<string, string>, language: Language): NamedExample[] {
  return Object.entries(scenarios).map(([path, file]) => {
    const id = path.slice(path.lastIndexOf("/") + 1, -".txt".length);
    return { id, ...engine.example(file, language) };
  });
}

function tell(message: FromWorker): void {
  postMessage(message);
}
