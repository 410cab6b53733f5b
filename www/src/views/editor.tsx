import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, diagnosticCount, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import {
  Compartment,
  EditorState,
  type Range,
  StateEffect,
  StateField,
  type Transaction,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { effect } from "@preact/signals";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Dialect } from "../engine/worker";
import {
  colours,
  cursorLine,
  diagnostics,
  edit,
  isRunning,
  isStale,
  run,
  sheet,
  shouldFollow,
  soughtLine,
  typedLine,
} from "../lab";
import { answerOfLine, eventBefore, eventCount } from "../log";
import { language } from "../settings";
import type { Marked } from "../wasm/cachedojo";
import { words } from "../words";
import { setWords, wordsOf } from "./editor-words";
import { coded } from "./markdown";

/** The script, its mistakes underlined where the engine says, and the line where the run stands. */
export function Editor() {
  const parent = useRef<HTMLDivElement>(null);
  // With the page around it, not after: the page is there once its script is.
  useLayoutEffect(() => {
    if (!parent.current) {
      return;
    }
    const { text, dialect } = sheet.peek();
    soughtLine.value = undefined;
    const spoken = new Compartment();
    const view = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: text,
        extensions: [extensions(dialect), spoken.of(phrases(words.peek().scriptLabel))],
      }),
    });
    // What a fresh editor has already is not set once more.
    let label = words.peek().scriptLabel;
    let isBlank = true;
    const stops = [
      effect(() => replaceText(view, sheet.value.text)),
      effect(() => {
        if (words.value.scriptLabel !== label) {
          label = words.value.scriptLabel;
          view.dispatch({ effects: spoken.reconfigure(phrases(label)) });
        }
      }),
      effect(() => {
        const marks = diagnostics.value.map((mark) => shown(view, mark));
        if (marks.length > 0 || diagnosticCount(view.state) > 0) {
          view.dispatch(setDiagnostics(view.state, marks));
        }
      }),
      effect(() => {
        const latest = colours.value;
        if (latest?.of.dialect === dialect && latest.of.text === view.state.doc.toString()) {
          view.dispatch({ effects: setWords.of(latest) });
        }
      }),
      effect(() => {
        if (isRunning.value) {
          // Where it stands on its way nobody can read.
          return;
        }
        const wasBlank = isBlank;
        isBlank = currentLine() === 0 && eventCount.value === 0;
        if (!isBlank || !wasBlank) {
          stand(view);
        }
      }),
      effect(() => showLine(view, soughtLine.value?.line)),
      keepCaretInSight(view),
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
    answered,
    wordsOf(dialect),
    // Ctrl+Enter, which would insert a line, runs the script: the page listens for it.
    keymap.of([...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap, ...lintKeymap]),
    EditorView.lineWrapping,
    EditorView.scrollMargins.of(underStrip),
    EditorView.domEventHandlers({
      beforeinput: insertLines,
      blur: () => {
        typedLine.value = undefined;
      },
    }),
    EditorView.updateListener.of(({ docChanged, selectionSet, state, transactions }) => {
      if (docChanged || selectionSet) {
        const line = state.doc.lineAt(state.selection.main.head).number;
        cursorLine.value = line;
        if (transactions.some(isTyped)) {
          typedLine.value = line;
        } else if (typedLine.value !== line) {
          typedLine.value = undefined;
        }
      }
      if (docChanged) {
        edit({ text: state.doc.toString() });
      }
    }),
  ];
}

/** Whether it is by somebody who writes on, and not a line's end or a whole text that is put in. */
function isTyped(transaction: Transaction): boolean {
  return ["input.type", "input.complete", "delete"].some((event) => transaction.isUserEvent(event));
}

/** What comes and goes below the editor makes it lower and higher: the line that one writes in stays in sight. */
function keepCaretInSight(view: EditorView): () => void {
  let height = view.scrollDOM.clientHeight;
  const observer = new ResizeObserver(() => {
    const { head } = view.state.selection.main;
    const { top, bottom } = view.lineBlockAt(head);
    const { scrollTop, clientHeight } = view.scrollDOM;
    const wasInSight = bottom > scrollTop && top < scrollTop + height;
    height = clientHeight;
    if (view.hasFocus && wasInSight) {
      view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "nearest" }) });
    }
  });
  observer.observe(view.scrollDOM);
  return () => observer.disconnect();
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

const SEVERITIES: Record<Marked["sort"], Diagnostic["severity"]> = {
  mistake: "error",
  refused: "error",
  doubt: "warning",
  blank: "info",
};

function shown(view: EditorView, { from, to, message, sort }: Marked): Diagnostic {
  const { length } = view.state.doc;
  const renderMessage = () => {
    const box = document.createElement("span");
    render(<span>{coded(message)}</span>, box);
    return box;
  };
  const severity = SEVERITIES[sort];
  return { from: Math.min(from, length), to: Math.min(to, length), severity, message, renderMessage };
}

/** What of the editor lies under the strip, which in a narrow window sticks to its bottom: no line is to be shown there. */
function underStrip({ dom }: EditorView): { bottom: number } {
  const strip = document.querySelector(".strip")?.getBoundingClientRect();
  const { bottom } = dom.getBoundingClientRect();
  return { bottom: strip ? Math.max(0, Math.min(bottom, strip.bottom) - strip.top) : 0 };
}

function showLine(view: EditorView, line: number | undefined): void {
  if (line !== undefined && line <= view.state.doc.lines) {
    view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, scrollIntoView: true });
    view.focus();
  }
}

/** Marks the line where the run stands, shows it if the run was moved by hand, and has the answers written anew. */
function stand(view: EditorView): void {
  const line = currentLine();
  const isShown = shouldFollow.value && line >= 1 && line <= view.state.doc.lines;
  const effects: StateEffect<unknown>[] = [standAt.of(line)];
  if (isShown) {
    effects.push(EditorView.scrollIntoView(view.state.doc.line(line).from, { y: "nearest", yMargin: 40 }));
  }
  view.dispatch({ effects });
}

const standAt = StateEffect.define<number>();

/** Beside each line in sight what it was answered last. As an attribute, that a style draws: it is no part of the script. */
const answered = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = answersIn(view);
    }

    update({ view, docChanged, viewportChanged, transactions }: ViewUpdate): void {
      const isMoved = transactions.some(({ effects }) => effects.some((effect) => effect.is(standAt)));
      if (docChanged || viewportChanged || isMoved) {
        this.decorations = answersIn(view);
      }
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function answersIn(view: EditorView): DecorationSet {
  if (isStale.peek() || eventCount.peek() === 0) {
    return Decoration.none;
  }
  const { position } = run.peek();
  const marks: Range<Decoration>[] = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const answer = answerOfLine(line.number, position);
      if (answer) {
        const attributes = { "data-answer": answer.text, title: answer.whole };
        marks.push(Decoration.line({ class: `answered tone-${answer.tone}`, attributes }).range(line.from));
      }
      at = line.to + 1;
    }
  }
  return Decoration.set(marks, true);
}

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
  const { position } = run.value;
  if (isStale.value || position === 0 || eventCount.value === 0) {
    return 0;
  }
  return eventBefore(position)?.line ?? 0;
}
