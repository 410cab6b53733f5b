import type { ComponentChildren } from "preact";
import { language } from "../settings";

/** The little of Markdown that lessons are written in: paragraphs, lists, code blocks, `code`, **strong**, *emphasis*. */
export function Markdown({ text }: { text: string }) {
  return (
    <div class="prose">
      {blocks(text).map((block, i) => (
        <Block key={`${i}`} block={block} />
      ))}
    </div>
  );
}

type Parsed = { kind: "code" | "paragraph"; text: string } | { kind: "list"; items: string[] };

function blocks(text: string): Parsed[] {
  return text
    .replaceAll("\r\n", "\n")
    .trim()
    .split(/(^```[^\n]*\n[\s\S]*?^```$)/m)
    .flatMap((part): Parsed[] => {
      const [, code] = /^```[^\n]*\n([\s\S]*?)\n?```$/.exec(part) ?? [];
      if (code !== undefined) {
        return [{ kind: "code", text: code }];
      }
      return part
        .split(/\n{2,}/)
        .filter((block) => block.trim() !== "")
        .map((block) => {
          const lines = block.trim().split("\n");
          return lines.every((line) => /^\s*[-*] /.test(line))
            ? { kind: "list", items: lines.map((line) => line.replace(/^\s*[-*] /, "")) }
            : { kind: "paragraph", text: lines.join(" ") };
        });
    });
}

function Block({ block }: { block: Parsed }) {
  switch (block.kind) {
    case "code":
      return <pre>{block.text}</pre>;
    case "list":
      return (
        <ul>
          {block.items.map((item) => (
            <li key={item}>{inline(item)}</li>
          ))}
        </ul>
      );
    case "paragraph":
      return <p>{inline(block.text)}</p>;
  }
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
      return <strong>{bound(part.slice(2, -2))}</strong>;
    }
    return part.startsWith("*") && part.length > 2 ? <em>{bound(part.slice(1, -1))}</em> : bound(part);
  });
}

/** French sets marks apart from their words, but on one line with them. */
function bound(text: string): string {
  return language.value === "fr" ? text.replace(/ ([:;?!»])/g, "\u00a0$1").replace(/« /g, "«\u00a0") : text;
}
