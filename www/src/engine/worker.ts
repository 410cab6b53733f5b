/**
 * The worker that owns the engine.
 *
 * The page compiles the WebAssembly module once and posts it with `start`; that is all it takes to have a fresh
 * engine, so the page stops a runaway script by ending this worker and starting another.
 *
 * From the page:
 * - `start`: here is the compiled module. Must come first; answered by `ready`.
 * - `speak`: which commands and examples are there, in this language? Answered by `spoken`.
 * - `read`: what is wrong with this script? Answered by `read` with the same id.
 * - `go`: stand right after command `to` of this script, and tell the events of the commands from `known` on. The
 *   way there is told in `moved` messages, the last of which has `hasArrived`. A later `go` replaces an earlier one.
 *
 * To the page: those answers, and `failed` when the engine trapped: this worker is of no use then.
 *
 * Nothing here reads a script or judges an event: the engine does.
 */
import init, {
  type CommandHelp,
  commands,
  diagnose,
  type Example,
  example,
  type Reading,
  Session,
  type View,
  version,
} from "../wasm/cachedojo.js";

export type Dialect = "line" | "memcached" | "rest" | "lab";
export type Language = "en" | "fr";

/** All that decides a run. The seed is a 64-bit number in decimal digits. */
export interface Script {
  text: string;
  dialect: Dialect;
  seed: string;
}

export type ToWorker =
  | { kind: "start"; module: WebAssembly.Module }
  | { kind: "speak"; language: Language }
  | { kind: "read"; id: number; text: string; dialect: Dialect; language: Language }
  | { kind: "go"; run: number; script: Script; to: number; known: number; keys: string[] };

export type FromWorker =
  | { kind: "ready"; version: string }
  | { kind: "spoken"; language: Language; commands: CommandHelp[]; examples: NamedExample[] }
  | { kind: "read"; id: number; reading: Reading }
  | {
      kind: "moved";
      run: number;
      position: number;
      total: number;
      isDone: boolean;
      hasArrived: boolean;
      /** The new events, as the engine wrote them: JSON arrays. */
      events: string[];
      view: View;
    }
  | { kind: "failed"; message: string }
  /** Not from the worker: there is none, and none can be had. */
  | { kind: "unloaded"; message: string };

export type NamedExample = Example & { id: string };

type Go = Extract<ToWorker, { kind: "go" }>;

/** How long the engine works before it shows how far it has come. */
const TURN_MS = 40;

const scenarios = import.meta.glob<string>("../../../tests/scenarios/*.txt", {
  query: "?raw",
  import: "default",
  eager: true,
});

let started: Promise<unknown> | undefined;
let goal: Go | undefined;
let session: { script: Script; run: Session } | undefined;
/** Of which run how many commands' events the page has been told; what it says itself may be older. */
let told = { run: -1, count: 0 };
/** What the last look at the world cost. */
let lookMs = 0;

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "start") {
    started = init({ module_or_path: data.module });
  }
  try {
    await started;
    await obey(data);
  } catch (error) {
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
});

async function obey(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "start":
      return tell({ kind: "ready", version: version() });
    case "speak":
      return tell({
        ...message,
        kind: "spoken",
        commands: commands(message.language),
        examples: examples(message.language),
      });
    case "read":
      return tell({
        kind: "read",
        id: message.id,
        reading: diagnose(message.text, message.dialect, message.language),
      });
    case "go": {
      const isIdle = goal === undefined;
      goal = message;
      if (isIdle) {
        await pursue();
      }
    }
  }
}

/** Works in turns towards the goal, so that messages are heard in between. */
async function pursue(): Promise<void> {
  while (goal) {
    const { run, script, to, keys } = goal;
    const known = told.run === run ? Math.max(told.count, goal.known) : goal.known;
    const at = sessionFor(script, Math.min(to, known));
    // Looking costs more the more there is to see: it gets a quarter of the time at most.
    const events = work(at, to, known, Math.max(TURN_MS, 3 * lookMs));
    const hasArrived = at.isDone || at.position >= to;
    if (hasArrived) {
      goal = undefined;
    }
    const { position, total, isDone } = at;
    told = { run, count: Math.max(known, position) };
    const began = performance.now();
    tell({ kind: "moved", run, position, total, isDone, hasArrived, events, view: at.view(keys) });
    lookMs = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Obeys commands up to `to` for about so long, and gives the events of those that are not known yet. */
function work(at: Session, to: number, known: number, ms: number): string[] {
  const events: string[] = [];
  const end = performance.now() + ms;
  for (let count = 1; at.position < to && !at.isDone && performance.now() < end; count *= 2) {
    if (at.position < known) {
      at.skip(Math.min(count, Math.min(known, to) - at.position));
    } else {
      events.push(at.step(Math.min(count, to - at.position)));
    }
  }
  return events;
}

/**
 * The session of this script, at command `latest` or before it: a run goes back, or is told anew, by going there again
 * from the start. One that stands later has obeyed commands that the page has not been told of.
 */
function sessionFor(script: Script, latest: number): Session {
  const { text, dialect, seed } = script;
  const old = session?.script;
  if (
    session &&
    old?.text === text &&
    old.dialect === dialect &&
    old.seed === seed &&
    session.run.position <= latest
  ) {
    return session.run;
  }
  session?.run.free();
  session = undefined;
  const run = new Session(text, dialect, BigInt(seed));
  session = { script, run };
  return run;
}

function examples(language: Language): NamedExample[] {
  return Object.entries(scenarios).map(([path, file]) => {
    const id = path.slice(path.lastIndexOf("/") + 1, -".txt".length);
    return { id, ...example(file, language) };
  });
}

function tell(message: FromWorker): void {
  postMessage(message);
}
