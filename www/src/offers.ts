/** What there is to be graded on, and what is told of it before anything is handed in. */
import { computed, signal } from "@preact/signals";
import type { Brief } from "./engine/types";
import { reach } from "./files";

export interface Offer {
  id: string;
  title: string;
  title_fr: string;
  /** The file that a submission begins with, in each language. */
  roots?: string[];
  /** Whether a submission has several files. */
  is_folder?: boolean;
  /** Whether what is handed in here is graded: a service is not, unless the server was told to start it. */
  is_graded?: boolean;
}

/** An exercise's public part, as the page's build has it: read by the engine alone, but for these two. */
interface Own {
  id: string;
  title: { en: string; fr: string };
}

/** What a grader that serves this page offers: unknown until asked; nothing where none does. */
export const exercises = signal<Offer[] | undefined>(undefined);
/** Whether nothing answers at this address: no network, or a server that has ended. */
export const isAway = signal(false);
/** What the page grades by itself, on the public checks: programs that `grader build` made. */
export const briefs = signal<Own[]>([]);
/** What the learner chose to be graded on, where anything was chosen. */
export const choice = signal<string | undefined>(undefined);
/** What is told of exercises, as far as it was asked for; `undefined` where the server did not answer. */
export const told = signal<ReadonlyMap<string, Brief | undefined>>(new Map());

/** What may be chosen: the server's exercises, else those that the page grades programs on by itself. */
export const offers = computed<Offer[]>(() => {
  const ofPage = briefs.value.map(({ id, title }) => ({ id, title: title.en, title_fr: title.fr }));
  return exercises.value?.length ? exercises.value : ofPage;
});

/** What is graded on: the choice, else the grader's own (Rust: `pack::DEFAULT_ID`), where it is offered. */
export const chosen = computed<Offer | undefined>(() => {
  const byId = (wanted: string | undefined) => offers.value.find(({ id }) => id === wanted);
  return byId(choice.value) ?? byId("distributed-cache") ?? offers.value[0];
});

/** Asks what there is to be graded on: at the server behind this page, and by the page itself. */
export async function findGrader(): Promise<void> {
  await Promise.all([findServer(), findBriefs()]);
}

async function findServer(): Promise<void> {
  try {
    const response = await fetch("api/v1/exercises");
    isAway.value = false;
    const offered = response.ok ? await response.json() : {};
    exercises.value = Array.isArray(offered.exercises) ? offered.exercises : [];
  } catch {
    isAway.value = true;
    // One that answered before is away: what is handed in then is told so.
    exercises.value ??= [];
  }
}

async function findBriefs(): Promise<void> {
  try {
    const response = await reach("course/exercises.json");
    const found: unknown = response.ok ? await response.json() : [];
    briefs.value = Array.isArray(found) ? found : [];
  } catch {
    briefs.value = [];
  }
}

/** Asks the server for an exercise's statement, rows and starter, unless it told them already. */
export async function tell(id: string): Promise<void> {
  if (told.value.get(id)) {
    return;
  }
  let brief: Brief | undefined;
  try {
    const response = await fetch(`api/v1/exercises/${encodeURIComponent(id)}`);
    brief = response.ok ? await response.json() : undefined;
  } catch {
    // It is asked again when it is opened again.
  }
  told.value = new Map(told.value).set(id, brief);
}
