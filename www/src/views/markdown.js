import { jsx as _jsx } from "preact/jsx-runtime";
/** The little of Markdown that lessons are written in: paragraphs, lists, code blocks, `code`, **strong**, *emphasis*. */
export function Markdown({ text }) {
  return _jsx("div", {
    class: "prose",
    children: blocks(text).map((block, i) => _jsx(Block, { block: block }, `${i}`)),
  });
}
function blocks(text) {
  return text
    .replaceAll("\r\n", "\n")
    .trim()
    .split(/(^```[^\n]*\n[\s\S]*?^```$)/m)
    .flatMap((part) => {
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
function Block({ block }) {
  switch (block.kind) {
    case "code":
      return _jsx("pre", { children: block.text });
    case "list":
      return _jsx("ul", {
        children: block.items.map((item) => _jsx("li", { children: inline(item) }, item)),
      });
    case "paragraph":
      return _jsx("p", { children: inline(block.text) });
  }
}
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 2) {
      return _jsx("code", { children: part.slice(1, -1) });
    }
    if (part.startsWith("**") && part.length > 4) {
      return _jsx("strong", { children: part.slice(2, -2) });
    }
    return part.startsWith("*") && part.length > 2 ? _jsx("em", { children: part.slice(1, -1) }) : part;
  });
}
