import { expect, test } from "vitest";
import { asWritten, tellsBoth } from "../src/views/written";

test.each([
  ["v1", "v1"],
  ["", '""'],
  ["a b", '"a b"'],
  ['a "b', '"a \\"b"'],
  ['"a"', '"\\"a\\""'],
  ['{"a":1}', '{"a":1}'],
  ["#a", '"#a"'],
  ["a#", "a#"],
  // The engine tells them with their escapes.
  ["a\\nb", '"a\\nb"'],
])("a key or value %s is written %s in a script", (text, written) => {
  expect(asWritten(text)).toBe(written);
});

test.each([
  ["Expected hits = 0 after `node stats`, got hits = 1. The rule: A miss is no hit.", "hits = 0", "hits = 1"],
  ["Attendu rien après « node get k », obtenu v. La règle : Perdu.", "rien", "v"],
  ["In another order of its threads it holds; in this one expected 1, got 2. The rule: R.", "1", "2"],
  ['Expected "a  b" to `GET a`, got "a b " (answers in all: 3, commands: 4). The rule: R.', "a  b", "a b "],
  ["Two runs of the same script disagree, `a` and `b`; something random decides.", "a", "b"],
  ["Deux exécutions du même script divergent, « a » et « b » ; le hasard décide.", "a", "b"],
  ["Read: not implemented yet; it panicked: TODO.", "", "panicked: TODO"],
  ["Lecture : pas encore écrit ; panique : TODO.", "", "panique : TODO"],
  ["Read: panicked: index out of bounds.", "", "panicked: index out of bounds"],
  ["In another order of its threads it holds, in this one not: a deadlock. The rule: R.", "", "a deadlock"],
])("%s has both already", (message, expected, actual) => {
  expect(tellsBoth(message, expected, actual)).toBe(true);
});

test.each([
  ["A read of key k1 sees line 12: every acknowledged write survives.", "v", "1"],
  ["Every promise is kept: the cluster lost k1.", "k1", "a"],
  ["The tests tell 2 of 5 caches with a bug here.", "5/5", "2/5"],
  ["Lost", "v", "nothing"],
  ["Lost", "", "a"],
])("%s has not both", (message, expected, actual) => {
  expect(tellsBoth(message, expected, actual)).toBe(false);
});
