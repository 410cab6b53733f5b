import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { blocks, unbroken } from "../src/markdown";

test.each([
  ["# A *b*\n## C", "heading 1 A *b* | heading 2 C"],
  ["one\ntwo\n\nthree", "paragraph one two | paragraph three"],
  ["- one\n  and more\n- two", "list 'one and more' 'two'"],
  ["1. one\n   and more\n2. two", "numbered 'one and more' 'two'"],
  ["| a | b |\n| --- | ---: |\n| `c|d` | 2 |", "table 'a' 'b' / '`c|d`' '2'"],
  ["```rust\n# no heading\n\n| no table |\n```", "code # no heading\n\n| no table |"],
  ["## Then\n- one\r\n- two", "heading 2 Then | list 'one' 'two'"],
])("%j is read as what it is", (text, read) => {
  expect(blocks(text).map(told).join(" | ")).toBe(read);
});

function told(block: ReturnType<typeof blocks>[number]): string {
  const quoted = (all: string[]) => all.map((one) => `'${one}'`).join(" ");
  switch (block.kind) {
    case "heading":
      return `heading ${block.level} ${block.text}`;
    case "list":
      return `${block.isNumbered ? "numbered" : "list"} ${quoted(block.items)}`;
    case "table":
      return `table ${[block.head, ...block.rows].map(quoted).join(" / ")}`;
    default:
      return `${block.kind} ${block.text}`;
  }
}

test.each(
  [
    "cache-service",
    "distributed-cache",
    "five-bugs",
    "integration-tests",
    "line-cache",
    "replicated-node",
  ].flatMap((id) => ["en", "fr"].map((language) => `${id}/statement.${language}.md`)),
)("of %s nothing is left unread", (path) => {
  const found = blocks(readFileSync(new URL(`../../exercises/${path}`, import.meta.url), "utf8"));
  const paragraphs = found.flatMap((block) => (block.kind === "paragraph" ? [block.text] : []));
  expect(paragraphs.filter((text) => /^[#|>]|^\d+\. |^- |```/.test(text))).toEqual([]);
  const tables = found.flatMap((block) => (block.kind === "table" ? [block] : []));
  // Every row has a cell for each column.
  expect(tables.flatMap(({ head, rows }) => rows.filter((row) => row.length !== head.length))).toEqual([]);
  expect(found[0]?.kind).toBe("heading");
});

test("a mark of French and a percent sign stay on the line of what is before them", () => {
  expect(unbroken("125 % de « la part » : non ?")).toBe(
    "125\u00a0% de «\u00a0la part\u00a0»\u00a0: non\u00a0?",
  );
});
