import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands, diagnose, example, initSync, runJson, runText, Session } from "../src/wasm/cachedojo.js";

const ROOT = new URL("../../tests/", import.meta.url);
initSync({ module: readFileSync(new URL("../src/wasm/cachedojo_bg.wasm", import.meta.url)) });
const traces = readFileSync(new URL("scenarios.sha256", ROOT), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("  "));
test.each(traces)("the module that is shipped gives %s for %s, as a native run does", (digest, name) => {
  const file = readFileSync(new URL(`scenarios/${name}`, ROOT), "utf8");
  const { script, dialect, seed } = example(file, "en");
  const json = runJson(script, dialect, BigInt(seed));
  expect(createHash("sha256").update(json).digest("hex")).toBe(digest);
  const [, output] = file.split("\n----\n");
  expect(runText(script, dialect, BigInt(seed)).replaceAll("\r", "")).toBe(output);
});
test("a session's steps tell what a whole run tells", () => {
  const script = "node new 100\nfor 1..50 node set key{} 40*x\ntick 5s\nnode get key50\n";
  const session = new Session(script, "lab", 7n);
  const told = [];
  while (!session.isDone) {
    told.push(...JSON.parse(session.step(7)));
  }
  expect(session.position).toBe(53);
  expect(told.map(({ text: _, source: __, ...event }) => event)).toEqual(
    JSON.parse(runJson(script, "lab", 7n)),
  );
});
test("skipping leads to the same world as stepping", () => {
  const script =
    "ring new 150\nring add A\nring add B\nwhere key1\nnode new 1KiB\nnode set k v ttl 9s\ntick 4s\n";
  const [stepped, skipped] = [new Session(script, "lab", 0n), new Session(script, "lab", 0n)];
  stepped.step(7);
  skipped.skip(7);
  expect(skipped.view(["x"])).toEqual(stepped.view(["x"]));
});
test("a ring's shares are exact: they come to the whole circle, and the dead have none", () => {
  const session = new Session("ring new 150\nring add A\nring add B dead\nring add C weight 2\n", "lab", 0n);
  session.step(10);
  const { ring } = session.view([]);
  const shares = ring?.members.map(({ sharePpm }) => sharePpm) ?? [];
  expect(shares[1]).toBe(0);
  expect(shares.reduce((sum, share) => sum + share)).toBeGreaterThanOrEqual(1_000_000 - shares.length);
  expect(ring?.members.map(({ points }) => points)).toEqual([150, 150, 300]);
  expect(ring?.heirs.includes(1)).toBe(false);
});
test("mistakes are placed in UTF-16 units", () => {
  const text = "# é🦀\nnodd";
  const { diagnostics, commands } = diagnose(text, "lab", "fr");
  expect(commands).toBe(0);
  expect(diagnostics.map(({ from, to }) => text.slice(from, to))).toEqual(["nodd"]);
  expect(diagnostics[0]?.message).toContain("n'est pas une commande");
});
test("every command is explained in both languages", () => {
  const [en, fr] = [commands("en"), commands("fr")];
  expect(en.length).toBeGreaterThan(30);
  expect(fr.map(({ usage }) => usage)).toEqual(en.map(({ usage }) => usage));
  expect(en.every(({ help }, i) => help !== "" && help !== fr[i]?.help)).toBe(true);
});
test("an unknown dialect is refused with a remedy", () => {
  expect(() => new Session("", "klingon", 0n)).toThrow("choose line, memcached, rest or lab");
});
