import type { ComponentChildren } from "preact";
import { type Block, blocks, unbroken } from "../markdown";
import { language } from "../settings";

/** A text of a lesson or a statement: headings, paragraphs, lists, tables, code blocks, `code`, **strong**, *emphasis*. */
export function Markdown({ text }: { text: string }) {
  return (
    <div class="prose">
      {blocks(text).map((block, i) => (
        <One key={`${i}`} block={block} />
      ))}
    </div>
  );
}

function One({ block }: { block: Block }) {
  switch (block.kind) {
    case "code":
      return <pre>{block.text}</pre>;
    case "heading":
      return block.level < 3 ? <h3>{inline(block.text)}</h3> : <h4>{inline(block.text)}</h4>;
    case "list": {
      const items = block.items.map((item) => <li key={item}>{inline(item)}</li>);
      return block.isNumbered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return <Table head={block.head} rows={block.rows} />;
    case "paragraph":
      return <p>{inline(block.text)}</p>;
  }
}

function Table({ head, rows }: { head: string[]; rows: string[][] }) {
  return (
    <div class="wide-table">
      <table class="table">
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {inline(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join("|")}>
              {row.map((cell, i) => (
                <td key={`${i}`}>{inline(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A sentence of the page's own in which `code` stands between backticks. */
export function coded(text: string): ComponentChildren {
  return text
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? <code>{part.slice(1, -1)}</code> : bound(part)));
}

function inline(text: string): ComponentChildren {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 2) {
      return <code>{part.slice(1, -1)}</code>;
    }
    if (part.startsWith("**") && part.length > 4) {
      return <strong>{inline(part.slice(2, -2))}</strong>;
    }
    return part.startsWith("*") && part.length > 2 ? <em>{inline(part.slice(1, -1))}</em> : bound(part);
  });
}

/** In French, marks stay on one line with their words. */
function bound(text: string): string {
  return language.value === "fr" ? unbroken(text) : text;
}
