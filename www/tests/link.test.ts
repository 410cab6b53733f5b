import { expect, test } from "vitest";
import type { Dialect } from "../src/engine/worker";
import { decodeLink, encodeLink, isSeed } from "../src/link";

const script = {
  text: "PUT user1 Alice\nGET user1 # é 🦀\n",
  dialect: "line" as Dialect,
  seed: "7",
  step: 2,
};

async function pack(json: string): Promise<string> {
  const packed = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = Buffer.from(await new Response(packed).arrayBuffer());
  return `#v1.${bytes.toString("base64url")}`;
}

test("a link gives back what was put into it", async () => {
  expect(await decodeLink(await encodeLink(script))).toEqual(script);
});

test("a seed keeps all its 64 bits", async () => {
  const large = { ...script, seed: "18446744073709551615" };
  expect(await decodeLink(await encodeLink(large))).toEqual(large);
});

test("a link is what the contract says: base64url of deflate-raw of JSON", async () => {
  const link = await pack(
    JSON.stringify({ script: script.text, dialect: "line", seed: 7, step: 2, exercise: "x" }),
  );
  expect(link).toMatch(/^#v1\.[A-Za-z0-9_-]+$/);
  expect(await decodeLink(link)).toEqual({ ...script, lesson: "x" });
});

test("a link names who obeys, and no name is part of an address that it should not be", async () => {
  const named = { ...script, subject: "m3f-9_a" };
  expect(await decodeLink(await encodeLink(named))).toEqual(named);
  for (const subject of ["../secret", "a/b", "", "x".repeat(65)]) {
    expect(await decodeLink(await encodeLink({ ...script, subject }))).toEqual(script);
  }
});

test("seed and step may be left out", async () => {
  const link = await pack(JSON.stringify({ script: "stats", dialect: "lab" }));
  expect(await decodeLink(link)).toEqual({ text: "stats", dialect: "lab", seed: "0", step: 0 });
});

test("an unknown version says which", async () => {
  expect(await decodeLink("#v2.AAAA")).toEqual({ fault: "version", version: "v2" });
});

test("a fragment that is no link is none", async () => {
  expect(await decodeLink("")).toBeUndefined();
  expect(await decodeLink("#script")).toBeUndefined();
});

test.each([
  ["no base64", "#v1.!!!"],
  ["nothing at all", "#v1."],
  ["not deflated", "#v1.AAAA"],
])("%s is a damaged link", async (_, link) => {
  expect(await decodeLink(link)).toEqual({ fault: "damaged" });
});

test.each([
  ["no JSON", "{"],
  ["no object", "null"],
  ["an unknown dialect", '{"script":"","dialect":"klingon"}'],
  ["a script that is no text", '{"script":1,"dialect":"lab"}'],
  ["a seed of more than 64 bits", '{"script":"","dialect":"lab","seed":"18446744073709551616"}'],
  ["a negative step", '{"script":"","dialect":"lab","step":-1}'],
])("a link with %s is damaged", async (_, json) => {
  expect(await decodeLink(await pack(json))).toEqual({ fault: "damaged" });
});

test("a link that unpacks to more than 16 MiB is refused", async () => {
  const link = await pack(JSON.stringify({ script: "x".repeat(17 << 20), dialect: "lab" }));
  expect(link.length).toBeLessThan(40_000);
  expect(await decodeLink(link)).toEqual({ fault: "damaged" });
});

test("a link with a line that no editor lays out is refused", async () => {
  for (const [length, isRefused] of [
    [100_000, false],
    [100_001, true],
  ] as const) {
    const script = `node new 5\n${"x".repeat(length)}\n`;
    const linked = await decodeLink(await pack(JSON.stringify({ script, dialect: "lab" })));
    expect(linked !== undefined && "fault" in linked).toBe(isRefused);
  }
});

test("a seed is a whole number of 64 bits", () => {
  expect(["0", "18446744073709551615"].every(isSeed)).toBe(true);
  expect(["", "-1", "1.5", "18446744073709551616", "x", "1 "].some(isSeed)).toBe(false);
});
