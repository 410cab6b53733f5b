/**
 * The subjects besides the reference: programs, by the name that a sheet stores. A program is loaded, loading or unavailable.
 * A run waits for the program that it names and is told if that is unavailable; no other subject runs in its place.
 */
import { signal } from "@preact/signals";

/** Why a program is unavailable: there is none of that name, it could not be fetched, or the server's own sentence. */
export type Lack = "unknown" | "unreachable" | { said: string };
export type Found = WebAssembly.Module | Lack;
export type Find = () => Promise<Found>;

/** The loaded programs. */
export const programs = signal<ReadonlyMap<string, WebAssembly.Module>>(new Map());
/** The unavailable programs, until they are asked for again. */
export const lacks = signal<ReadonlyMap<string, Lack>>(new Map());

const coming = new Map<string, Promise<WebAssembly.Module | undefined>>();
const offered = new Map<string, Find>();
let findElsewhere: (name: string) => Promise<Found> = async () => "unknown";

/** Sets where programs come from that were not offered by name. */
export function findProgramsBy(find: (name: string) => Promise<Found>): void {
  findElsewhere = find;
}

/** Gives a name to a program, replacing the one that had it, and loads it. */
export function offerProgram(name: string, find: Find): Promise<WebAssembly.Module | undefined> {
  offered.set(name, find);
  coming.delete(name);
  programs.value = without(programs.peek(), name);
  return reachProgram(name);
}

/** The program of that name, once it is loaded; undefined if it is unavailable, and then `lacks` says why. It is loaded once. */
export function reachProgram(name: string): Promise<WebAssembly.Module | undefined> {
  const here = programs.peek().get(name);
  const known = here ? Promise.resolve(here) : coming.get(name);
  if (known) {
    return known;
  }
  lacks.value = without(lacks.peek(), name);
  const find = offered.get(name) ?? (() => findElsewhere(name));
  const arriving = arrival(name, find, () => coming.get(name) === arriving);
  coming.set(name, arriving);
  return arriving;
}

async function arrival(
  name: string,
  find: Find,
  isWanted: () => boolean,
): Promise<WebAssembly.Module | undefined> {
  const found = await find();
  if (!isWanted()) {
    // Meanwhile the name was given to another program.
    return reachProgram(name);
  }
  coming.delete(name);
  if (found instanceof WebAssembly.Module) {
    programs.value = new Map(programs.peek()).set(name, found);
    return found;
  }
  lacks.value = new Map(lacks.peek()).set(name, found);
  return undefined;
}

function without<V>(map: ReadonlyMap<string, V>, name: string): ReadonlyMap<string, V> {
  const rest = new Map(map);
  return rest.delete(name) ? rest : map;
}
