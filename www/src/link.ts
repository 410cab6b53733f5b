import type { Dialect, Script } from "./engine/worker";

/** A script as a link carries it, and where it stands: right after command `step`. */
export interface Linked extends Script {
  step: number;
  /** The lesson that it is written for. */
  lesson?: string | undefined;
}

/** Why a link's fragment is no script. */
export type LinkFault =
  | { fault: "version"; version: string }
  | { fault: "damaged" }
  | { fault: "long" }
  | { fault: "lesson"; lesson: string };

const DIALECTS: readonly string[] = ["line", "memcached", "rest", "lab"] satisfies Dialect[];
/** A name of a program, as the page gives them: part of an address. */
const SUBJECT = /^[\w-]{1,64}$/;
/** More text than this is no script but an attack on the reader's memory. */
const TEXT_BYTES_MAX = 16 << 20;
/** An editor takes many seconds to lay out a longer line, which no command needs: `200000*x` is such a value. */
const LINE_MAX = 100_000;

/** `#v1.` + base64url(deflate-raw(JSON)). */
export async function encodeLink({ text, dialect, seed, step, lesson, subject }: Linked): Promise<string> {
  const number = Number(seed);
  const json = JSON.stringify({
    script: text,
    dialect,
    seed: Number.isSafeInteger(number) ? number : seed,
    step,
    exercise: lesson,
    subject,
  });
  const packed = await pipe(new TextEncoder().encode(json), new CompressionStream("deflate-raw"));
  return `#v1.${toBase64Url(packed)}`;
}

/** The script in a page's fragment; nothing when the fragment is no link at all. */
export async function decodeLink(fragment: string): Promise<Linked | LinkFault | undefined> {
  const [, version, body] = /^#(v\d+)\.(.*)$/s.exec(fragment) ?? [];
  if (version === undefined || body === undefined) {
    return undefined;
  }
  if (version !== "v1") {
    return { fault: "version", version };
  }
  try {
    const json = await pipe(fromBase64Url(body), new DecompressionStream("deflate-raw"), TEXT_BYTES_MAX);
    return check(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json))) ?? { fault: "damaged" };
  } catch {
    return { fault: "damaged" };
  }
}

function check(value: unknown): Linked | LinkFault | undefined {
  const { script, dialect, seed = 0, step = 0, exercise, subject } = value as Record<string, unknown>;
  const isWhole = typeof script === "string" && typeof dialect === "string" && DIALECTS.includes(dialect);
  if (typeof script === "string" && script.split("\n").some(({ length }) => length > LINE_MAX)) {
    return { fault: "long" };
  }
  const digits = String(seed);
  if (!isWhole || !isSeed(digits) || !Number.isSafeInteger(step) || (step as number) < 0) {
    return undefined;
  }
  const lesson = typeof exercise === "string" ? { lesson: exercise } : {};
  const obeys = typeof subject === "string" && SUBJECT.test(subject) ? { subject } : {};
  return {
    text: script,
    dialect: dialect as Dialect,
    seed: digits,
    step: step as number,
    ...lesson,
    ...obeys,
  };
}

/** Whether these are the decimal digits of a 64-bit number. */
export function isSeed(digits: string): boolean {
  return /^\d{1,20}$/.test(digits) && BigInt(digits) < 1n << 64n;
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: ReadableWritablePair<Uint8Array, BufferSource>,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(through).getReader();
  for (let turn = await reader.read(); !turn.done; turn = await reader.read()) {
    chunks.push(turn.value);
    length += turn.value.length;
    if (length > bytesMax) {
      await reader.cancel();
      throw new RangeError("the text is too long");
    }
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
