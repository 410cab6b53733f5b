import { expect, test } from "vitest";
import type { Told } from "../src/engine/event";
import { addEvents, answerOfLine, clearLog, marks, refusalsByLine, sayingOf } from "../src/log";

/** An eviction at each of so many commands, and a broken promise at some. */
function run(commands: number, brokenAt: number[]): void {
  clearLog();
  for (let step = 0; step < commands; step += 1) {
    const at = { step, line: 1, at_ms: 0, text: "" };
    addEvents([
      { ...at, kind: "inside", event: { kind: "evicted", key: "a", policy: "lru", for_key: "b" } },
      ...(brokenAt.includes(step)
        ? [{ ...at, kind: "broken", expected: "1", actual: "2" } satisfies Told]
        : []),
    ] as Told[]);
  }
}

test.each([3, 4_000, 12_001])("a run of %i evictions has marks from its start to its end", (commands) => {
  for (let turn = 0; turn < 2; turn += 1) {
    run(commands, [1, commands - 1]);
    expect(marks.length).toBeLessThanOrEqual(4_000);
    expect(marks[0]?.step).toBeLessThan(2);
    expect(marks.at(-1)?.step).toBeGreaterThan(0.99 * commands - 1);
    expect(marks.filter(({ kind }) => kind === "broken").length).toBe(2);
  }
});

test("an answer that a script may expect is shown in the script's word too, and a sentence in one language only", () => {
  const at = { step: 0, line: 1, at_ms: 0 };
  const miss = { ...at, kind: "miss", key: "a", text: "nothing", told: "rien" } satisfies Told;
  expect(sayingOf(miss)).toBe("nothing (rien)");
  expect(sayingOf({ ...at, kind: "miss", key: "a", text: "nothing" })).toBe("nothing");
  const error = {
    ...at,
    kind: "error",
    message: "too few",
    text: "error: too few",
    told: "erreur : trop peu",
  };
  expect(sayingOf(error as Told)).toBe("erreur : trop peu");
});

test("what was answered comes first beside its line, and is never what is cut", () => {
  const at = { step: 0, line: 1, at_ms: 0 };
  const answer = `error: quorum needs 2 of the replicas, ${"and only n1 answered, ".repeat(4)}so`;
  const node = { sort: "node", node: "n2", atUs: 0, text: "", key: null, isQuiet: false } as const;
  const aside = (text: string) => ({ ...at, kind: "world", event: node, text }) as Told;
  clearLog();
  addEvents([
    aside("~ n4 leads term 2"),
    aside("~ n2 keeps a hint of k"),
    { ...at, kind: "error", message: "", text: answer } as Told,
    aside("~ n1 mends"),
  ]);
  expect(answerOfLine(1, 1)).toEqual({
    text: `${answer} …`,
    whole: `${answer} · ~ n4 leads term 2 · ~ n2 keeps a hint of k …`,
    tone: "warn",
  });
  clearLog();
  addEvents([aside("~ n4 leads term 2"), { ...at, kind: "stored", key: "k", text: "stored" } as Told]);
  expect(answerOfLine(1, 1)?.text).toBe("stored · ~ n4 leads term 2");
});

test("where an answer that is an error ends is known before the next command is obeyed", () => {
  const said = { kind: "said", at_ms: 0 } as const;
  clearLog();
  addEvents([
    { ...said, step: 0, line: 1, text: "STORED" },
    { ...said, step: 1, line: 3, text: "CLIENT_ERROR no number", nextLine: 4 },
    { ...said, step: 1, line: 3, text: "and why" },
  ] as Told[]);
  const known = [[3, { answer: "CLIENT_ERROR no number and why", nextLine: 4 }]];
  expect([...refusalsByLine(1, 9)]).toEqual(known);
  // What follows changes nothing of it.
  addEvents([{ ...said, step: 2, line: 5, text: "ERROR", nextLine: 9 }] as Told[]);
  expect([...refusalsByLine(1, 9)]).toEqual(known);
});
