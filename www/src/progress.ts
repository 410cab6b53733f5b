/** How far a learner has come in a lesson. Whoever reads it elsewhere runs the script again and trusts no flag. */
export interface Progress {
  solved: boolean;
  /** The best so far, of 100. */
  score: number;
  /** The script that earned it; the latest one where none has solved the lesson. */
  script: string;
  hints: number;
  checks: number;
  at: number;
}

/** What somebody saved as progress, if it is; counts that are missing or no numbers (an older page wrote some) are 0. */
export function readProgress(value: unknown): Progress | undefined {
  const { solved, score, script, hints, checks, at } = (value ?? {}) as Record<string, unknown>;
  if (typeof solved !== "boolean" || typeof script !== "string" || !isNumber(score) || !isNumber(hints)) {
    return undefined;
  }
  return {
    solved,
    score,
    script,
    hints,
    checks: isNumber(checks) ? checks : 0,
    at: isNumber(at) ? at : 0,
  };
}

/** Whether one says more than the other: a lesson that is solved, whatever the other's score; else the higher score. */
export function isBetter(one: Progress, other: Progress): boolean {
  return one.solved === other.solved ? one.score > other.score : one.solved;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
