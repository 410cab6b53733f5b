/** The little of Markdown that lessons and statements are written in, as data: what it looks like is the view's to say. */

export type Block =
  | { kind: "code" | "paragraph"; text: string }
  | { kind: "heading"; level: number; text: string }
  | { kind: "list"; isNumbered: boolean; items: string[] }
  | { kind: "table"; head: string[]; rows: string[][] };

/** Headings, paragraphs, lists, tables and fenced code, in order. */
export function blocks(text: string): Block[] {
  return text
    .replaceAll("\r\n", "\n")
    .trim()
    .split(/(^```[^\n]*\n[\s\S]*?^```$)/m)
    .flatMap((part): Block[] => {
      const [, code] = /^```[^\n]*\n([\s\S]*?)\n?```$/.exec(part) ?? [];
      if (code !== undefined) {
        return [{ kind: "code", text: code }];
      }
      return part
        .split(/\n{2,}/)
        .filter((block) => block.trim() !== "")
        .flatMap((block) => blocksOf(block.trim().split("\n")));
    });
}

/** What stands between two empty lines. */
function blocksOf(lines: string[]): Block[] {
  const [first = "", ...rest] = lines;
  const [, marks, title] = /^(#{1,6}) (.*)$/.exec(first) ?? [];
  if (marks !== undefined && title !== undefined) {
    const heading: Block = { kind: "heading", level: marks.length, text: title };
    return rest.length > 0 ? [heading, ...blocksOf(rest)] : [heading];
  }
  if (lines.every((line) => line.startsWith("|"))) {
    const [head = [], ...rows] = lines.filter((line) => !/^[|\s:-]+$/.test(line)).map(cells);
    return [{ kind: "table", head, rows }];
  }
  if (ITEM.test(first)) {
    const items: string[] = [];
    for (const line of lines) {
      const item = line.replace(ITEM, "");
      if (item === line) {
        items.push(`${items.pop()} ${line.trim()}`);
      } else {
        items.push(item.trim());
      }
    }
    return [{ kind: "list", isNumbered: /^\s*\d/.test(first), items }];
  }
  return [{ kind: "paragraph", text: lines.join(" ") }];
}

const ITEM = /^\s*(?:[-*]|\d+\.) /;

/** A row's cells. A bar in `code` ends none. */
function cells(line: string): string[] {
  const parts = line.slice(1).match(/(?:`[^`]*`|[^|`])+/g) ?? [];
  return parts.map((cell) => cell.trim()).filter((cell, at, all) => cell !== "" || at < all.length - 1);
}

/** French sets marks and the percent sign apart from what they belong to, but on one line with it. */
export function unbroken(text: string): string {
  return text.replace(/ ([:;?!»%])/g, "\u00a0$1").replace(/« /g, "«\u00a0");
}
