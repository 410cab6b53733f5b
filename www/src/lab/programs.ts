/**
 * Who may obey besides the reference, by the name that a script calls it by: a program is here, on its way, or not to be had.
 * One is never taken for another: what waits for a program waits for it, and hears when it cannot be had.
 */
import { signal } from "@preact/signals";

/** Why a program cannot be had: nobody knows it, the way to it is broken, or in the words of who was asked for it. */
export type Lack = "unknown" | "unreachable" | { said: string };
export type Found = WebAssembly.Module | Lack;
export type Find = () => Promise<Found>;

/** Those that are here. */
export const programs = signal<ReadonlyMap<string, WebAssembly.Module>>(new Map());
/** Those that were asked for and cannot be had, until they are asked for again. */
export const lacks = signal<ReadonlyMap<string, Lack>>(new Map());

const coming = new Map<string, Promise<WebAssembly.Module | undefined>>();
const offered = new Map<string, Find>();
let findElsewhere: (name: string) => Promise<Found> = async () => "unknown";

/** Who knows where programs are that nobody offered. */
export function findProgramsBy(find: (name: string) => Promise<Found>): void {
  findElsewhere = find;
}

/** Has this program go by that name from now on, in place of whatever did. */
export function offerProgram(name: string, find: Find): Promise<WebAssembly.Module | undefined> {
  offered.set(name, find);
  coming.delete(name);
  programs.value = without(programs.peek(), name);
  return reachProgram(name);
}

/** The program of that name, once it is here; nothing where it cannot be had, and then `lacks` says why. It is loaded once. */
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
    // Another goes by this name by now.
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
