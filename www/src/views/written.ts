/** How texts that others wrote stand in the page: keys, values, what was expected and what came. */

/** A key or a value as a script has it, already escaped but for quotes: between quotes where it would not read back as one bare word. */
export function asWritten(text: string): string {
  return /^[^\s"#\\][^\s\\]*$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

/**
 * Whether a row's sentence has both already, as the judge's own sentences do (Rust: `sentences::told`). That a value is somewhere in it
 * says nothing: a short one may be there by chance.
 */
export function tellsBoth(message: string, expected: string, actual: string): boolean {
  const tells = (value: string, befores: string[], after = "") =>
    befores.some((before) =>
      // A value whose blanks would not be seen stands between quotes.
      [value, `"${value}"`].some((shown) => message.includes(before + shown + after)),
    );
  return expected === ""
    ? tells(actual, [": ", "; ", "; it "], ".")
    : tells(expected, ["xpected ", "ttendu ", ", `", ", « "]) &&
        tells(actual, ["got ", "obtenu ", "and `", "et « "]);
}
