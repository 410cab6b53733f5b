/** Colours, help and completion: what a word is, the engine's grammar has found (`lab.colours`); nothing is read here. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  hoverTooltip,
  type Tooltip,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { Dialect } from "../engine/worker";
import { type Colours, commandHelp } from "../lab";

/** Numbers of each word: from, to, kind, 1 + place in the dialect's commands. */
const STRIDE = 4;
/** By the kinds' numbers (Rust: `colour::WordKind`). */
const MARKS = ["", "command", "judgement", "option", "number", "text", "comment"].map((name) =>
  Decoration.mark({ class: `word-${name}` }),
);

/** What the engine found in the text as it is now. */
export const setWords = StateEffect.define<Colours>();

/** What it found last, and whether that is the text of now: between an edit and the answer to it, it is not. */
const found = StateField.define<{ latest?: Colours; isCurrent: boolean }>({
  create: () => ({ isCurrent: false }),
  update(old, { effects, docChanged, newDoc }) {
    const news = effects.find((effect) => effect.is(setWords));
    if (news) {
      return { latest: news.value as Colours, isCurrent: true };
    }
    const { latest } = old;
    return docChanged && latest ? { latest, isCurrent: newDoc.toString() === latest.of.text } : old;
  },
});

function currentWords(state: EditorState): Uint32Array | undefined {
  const { latest, isCurrent } = state.field(found);
  return isCurrent ? latest?.words : undefined;
}

const coloured = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet = Decoration.none;

    update({ view, state, startState, docChanged, viewportChanged, changes }: ViewUpdate): void {
      const words = currentWords(state);
      if (words && (viewportChanged || docChanged || words !== currentWords(startState))) {
        this.decorations = wordsIn(view, words);
      } else if (docChanged) {
        this.decorations = this.decorations.map(changes);
      }
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function wordsIn(view: EditorView, words: Uint32Array): DecorationSet {
  const { length } = view.state.doc;
  const marks = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = firstEndingAfter(words, from); at < words.length; at += STRIDE) {
      const [start = 0, end = 0, kind = 0] = words.subarray(at, at + STRIDE);
      if (start >= to) {
        break;
      }
      const mark = MARKS[kind];
      if (mark && start < end && end <= length) {
        marks.push(mark.range(start, end));
      }
    }
  }
  return Decoration.set(marks, true);
}

/** The place in `words` of the first word that ends after `position`. O(log n). */
function firstEndingAfter(words: Uint32Array, position: number): number {
  let [low, high] = [0, words.length / STRIDE];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle * STRIDE + 1] ?? 0) <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low * STRIDE;
}

function explain(dialect: Dialect) {
  return hoverTooltip((view, position): Tooltip | null => {
    const words = currentWords(view.state);
    const at = words ? firstEndingAfter(words, position) : 0;
    const [start = 0, end = 0, , place = 0] = words?.subarray(at, at + STRIDE) ?? [];
    const help = commandHelp.peek()[dialect][place - 1];
    if (!help || position < start) {
      return null;
    }
    return {
      pos: start,
      end,
      create: () => {
        const dom = document.createElement("div");
        dom.className = "word-help";
        const usage = document.createElement("code");
        usage.textContent = help.usage;
        const text = document.createElement("p");
        text.textContent = help.help;
        dom.append(usage, text);
        return { dom };
      },
    };
  });
}

/** What a line may begin with while a command is being chosen: letters and one blank. */
const BEGINNING = /^\s*[\w/…<>-]*( [\w/…<>-]*)?$/;

function complete(dialect: Dialect) {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const typed = line.text.slice(0, context.pos - line.from);
    if (!BEGINNING.test(typed) || (typed.trim() === "" && !context.explicit)) {
      return null;
    }
    return {
      from: line.from + typed.length - typed.trimStart().length,
      options: commandHelp.value[dialect].map(({ name, usage, help }) =>
        usage.startsWith(name)
          ? { label: name, detail: usage.slice(name.length), info: help }
          : { label: usage, info: help },
      ),
      validFor: BEGINNING,
    };
  };
}

export function wordsOf(dialect: Dialect): Extension {
  return [found, coloured, explain(dialect), autocompletion({ override: [complete(dialect)] })];
}
