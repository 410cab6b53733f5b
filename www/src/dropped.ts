/** A program that the grader built and the learner brought: it obeys scripts here, as the reference does. */
import { chooseSubject, offerProgram } from "./lab";

/** The name by which it goes among `programs`. */
export const DROPPED = "dropped";
/** More than this is no program that the grader builds. */
const BYTES_MAX = 16 << 20;
/** What every WebAssembly module begins with. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

export interface Dropped {
  module: WebAssembly.Module;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Whether a file says of itself that it is a module. */
export async function isModule(file: Blob): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  return start.length === MAGIC.length && MAGIC.every((byte, at) => start[at] === byte);
}

/** Takes a program in, to be chosen as a subject; nothing when the file is none. */
export async function takeIn(file: Blob): Promise<Dropped | undefined> {
  if (file.size > BYTES_MAX) {
    return undefined;
  }
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const module = await compileProgram(bytes);
    return module && (await offerProgram(DROPPED, async () => module)) && { module, bytes };
  } catch {
    return undefined;
  }
}

/** What a program of the grader's offers. */
const OFFERED = new Map<string, WebAssembly.ImportExportKind>([
  ["memory", "memory"],
  ["alloc", "function"],
  ["call", "function"],
]);
/** Where all that it asks for comes from. */
const WASI = "wasi_snapshot_preview1";

/** The program in these bytes; nothing where the grader made none such. */
export async function compileProgram(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
): Promise<WebAssembly.Module | undefined> {
  try {
    const module = await WebAssembly.compile(bytes);
    const offers = WebAssembly.Module.exports(module);
    const isWhole = [...OFFERED].every(([name, kind]) =>
      offers.some((offer) => offer.name === name && offer.kind === kind),
    );
    const asks = WebAssembly.Module.imports(module);
    const isOurs = asks.every(({ module: from, kind }) => from === WASI && kind === "function");
    return isWhole && isOurs ? module : undefined;
  } catch {
    return undefined;
  }
}

/** Has this file's program obey the open script; `false` when it is none. */
export async function takeProgram(file: Blob): Promise<boolean> {
  if (!(await takeIn(file))) {
    return false;
  }
  chooseSubject(DROPPED);
  return true;
}
