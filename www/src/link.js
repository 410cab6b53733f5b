const DIALECTS = ["line", "memcached", "rest", "lab"];
/** More text than this is no script but an attack on the reader's memory. */
const TEXT_BYTES_MAX = 16 << 20;
/** `#v1.` + base64url(deflate-raw(JSON)). */
export async function encodeLink({ text, dialect, seed, step, lesson }) {
  const number = Number(seed);
  const json = JSON.stringify({
    script: text,
    dialect,
    seed: Number.isSafeInteger(number) ? number : seed,
    step,
    exercise: lesson,
  });
  const packed = await pipe(new TextEncoder().encode(json), new CompressionStream("deflate-raw"));
  return `#v1.${toBase64Url(packed)}`;
}
/** The script in a page's fragment; nothing when the fragment is no link at all. */
export async function decodeLink(fragment) {
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
function check(value) {
  const { script, dialect, seed = 0, step = 0, exercise } = value;
  const isWhole = typeof script === "string" && typeof dialect === "string" && DIALECTS.includes(dialect);
  const digits = String(seed);
  if (!isWhole || !isSeed(digits) || !Number.isSafeInteger(step) || step < 0) {
    return undefined;
  }
  const lesson = typeof exercise === "string" ? { lesson: exercise } : {};
  return { text: script, dialect: dialect, seed: digits, step: step, ...lesson };
}
/** Whether these are the decimal digits of a 64-bit number. */
export function isSeed(digits) {
  return /^\d{1,20}$/.test(digits) && BigInt(digits) < 1n << 64n;
}
async function pipe(bytes, through, bytesMax = Number.POSITIVE_INFINITY) {
  const chunks = [];
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
function toBase64Url(bytes) {
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
function fromBase64Url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
