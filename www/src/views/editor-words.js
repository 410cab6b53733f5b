/** Colours, help and completion: what a word is, the engine's grammar has found (`lab.colours`); nothing is read here. */
import { autocompletion } from "@codemirror/autocomplete";
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, hoverTooltip, ViewPlugin } from "@codemirror/view";
import { commandHelp } from "../lab";

/** Numbers of each word: from, to, kind, 1 + place in the dialect's commands. */
const STRIDE = 4;
/** By the kinds' numbers (Rust: `colour::Kind`). */
const MARKS = ["", "command", "judgement", "option", "number", "text", "comment"].map((name) =>
  Decoration.mark({ class: `word-${name}` }),
);
/** The words of the text as it is now. */
export const setWords = StateEffect.define();
/** Nothing between an edit and the engine's answer to it. */
const found = StateField.define({
  create: () => undefined,
  update(old, { effects, docChanged }) {
    const news = effects.find((effect) => effect.is(setWords));
    return news ? news.value : docChanged ? undefined : old;
  },
});
const coloured = ViewPlugin.fromClass(
  class {
    decorations = Decoration.none;
    update({ view, state, startState, docChanged, viewportChanged, changes }) {
      const words = state.field(found);
      if (words && (viewportChanged || words !== startState.field(found))) {
        this.decorations = wordsIn(view, words);
      } else if (docChanged) {
        this.decorations = this.decorations.map(changes);
      }
    }
  },
  { decorations: ({ decorations }) => decorations },
);
function wordsIn(view, words) {
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
function firstEndingAfter(words, position) {
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
function explain(dialect) {
  return hoverTooltip((view, position) => {
    const words = view.state.field(found);
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
function complete(dialect) {
  return (context) => {
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
export function wordsOf(dialect) {
  return [found, coloured, explain(dialect), autocompletion({ override: [complete(dialect)] })];
}
