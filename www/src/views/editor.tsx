import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Dialect } from "../engine/worker";
import { commandHelp, edit, eventBefore, isStale, reading, run, sheet, soughtLine } from "../lab";
import { language } from "../settings";
import { words } from "../words";

/** The script, its mistakes underlined where the engine says, and the line where the run stands. */
export function Editor() {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!parent.current) {
      return;
    }
    const { text, dialect } = sheet.peek();
    soughtLine.value = undefined;
    const spoken = new Compartment();
    const view = new EditorView({
      parent: parent.current,
      state: EditorState.create({ doc: text, extensions: [extensions(dialect), spoken.of([])] }),
    });
    const stops = [
      effect(() => replaceText(view, sheet.value.text)),
      effect(() => view.dispatch({ effects: spoken.reconfigure(phrases(words.value.scriptLabel)) })),
      effect(() =>
        view.dispatch(
          setDiagnostics(
            view.state,
            reading.value.diagnostics.map((mark) => shown(view, mark)),
          ),
        ),
      ),
      effect(() => view.dispatch({ effects: standAt.of(currentLine()) })),
      effect(() => showLine(view, soughtLine.value?.line)),
    ];
    return () => {
      for (const end of stops) {
        end();
      }
      view.destroy();
    };
  }, []);
  return <div class="editor" data-testid="editor" ref={parent} />;
}

function extensions(dialect: Dialect) {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    lintGutter(),
    standing,
    syntaxHighlighting(colours),
    StreamLanguage.define(colouring(dialect)),
    autocompletion({ override: dialect === "lab" ? [complete] : [] }),
    // Ctrl+Enter, which would insert a line, runs the script: the page listens for it.
    keymap.of([...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap, ...lintKeymap]),
    EditorView.lineWrapping,
    EditorView.domEventHandlers({ beforeinput: insertLines }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) {
        edit({ text: state.doc.toString() });
      }
    }),
  ];
}

/** Many lines at once, as dictation and tools insert them: a browser takes a time for them that grows with their square. */
function insertLines(event: InputEvent, view: EditorView): boolean {
  const isMany = event.inputType === "insertText" && event.data?.includes("\n");
  if (isMany && event.data) {
    event.preventDefault();
    // A selection made a moment ago may not have been announced yet, and the editor reads it only then.
    view.contentDOM.ownerDocument.dispatchEvent(new Event("selectionchange"));
    view.dispatch(view.state.replaceSelection(event.data));
  }
  return Boolean(isMany);
}

/** What the editor itself says, in the chosen language. */
function phrases(label: string) {
  const french = {
    Diagnostics: "Erreurs",
    "No diagnostics": "Aucune erreur",
    close: "fermer",
    Completions: "Complétions",
  };
  return [
    EditorView.contentAttributes.of({
      "aria-label": label,
      tabindex: "0",
      spellcheck: "false",
      autocorrect: "off",
      autocapitalize: "off",
    }),
    EditorState.phrases.of(language.value === "fr" ? french : {}),
  ];
}

/** Another hand than the writer's changed the text: as one change, so that it can be undone. */
function replaceText(view: EditorView, text: string): void {
  if (view.state.doc.toString() !== text) {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }
}

function shown(
  view: EditorView,
  { from, to, message }: { from: number; to: number; message: string },
): Diagnostic {
  const { length } = view.state.doc;
  return { from: Math.min(from, length), to: Math.min(to, length), severity: "error", message };
}

function showLine(view: EditorView, line: number | undefined): void {
  if (line !== undefined && line <= view.state.doc.lines) {
    view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, scrollIntoView: true });
    view.focus();
  }
}

const standAt = StateEffect.define<number>();

/** The line of the command that was obeyed last. */
const standing = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, transaction) {
    for (const change of transaction.effects) {
      if (change.is(standAt)) {
        const { doc } = transaction.state;
        const isThere = change.value >= 1 && change.value <= doc.lines;
        return isThere
          ? Decoration.set(Decoration.line({ class: "cm-standing" }).range(doc.line(change.value).from))
          : Decoration.none;
      }
    }
    return old.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function currentLine(): number {
  const { position, isDone } = run.value;
  if (isStale.value || position === 0 || isDone) {
    return 0;
  }
  return eventBefore(position)?.line ?? 0;
}

function complete(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const typed = line.text.slice(0, context.pos - line.from);
  const isBeginning = /^\s*[a-z]*( [a-z-]*)?$/.test(typed);
  if (!isBeginning || (typed.trim() === "" && !context.explicit)) {
    return null;
  }
  return {
    from: line.from + typed.length - typed.trimStart().length,
    options: commandHelp.value.map(({ name, usage, help }) => ({
      label: name,
      detail: usage.slice(name.length),
      info: help,
    })),
    validFor: /^[a-z]*( [a-z-]*)?$/,
  };
}

/** Colours for the eye: what a word means is the engine's business. */
function colouring(dialect: Dialect) {
  const isLab = dialect === "lab";
  return {
    token(stream: {
      sol(): boolean;
      eatSpace(): boolean;
      match(pattern: RegExp): unknown;
      next(): unknown;
      skipToEnd(): void;
    }) {
      const isStart = stream.sol();
      if (stream.eatSpace()) {
        return null;
      }
      if (isLab && stream.match(/^#.*/)) {
        return "comment";
      }
      if (isStart && stream.match(isLab ? /^expect\b|^always\b/ : /^$/)) {
        return "annotation";
      }
      if (isStart && stream.match(isLab ? /^(node|ring|cluster|wall) [a-z-]+|^[a-z]+/ : /^[A-Za-z_]+/)) {
        return "keyword";
      }
      if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) {
        return "string";
      }
      if (stream.match(/^-?\d[\w.%*]*(?=\s|$)/)) {
        return "number";
      }
      stream.match(/^\S+/);
      return null;
    },
  };
}

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: tags.annotation, color: "var(--pine)", fontWeight: "600" },
  { tag: tags.string, color: "var(--ochre)" },
  { tag: tags.number, color: "var(--plum)" },
]);
