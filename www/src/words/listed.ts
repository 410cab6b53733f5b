/** Names as code, with a word before the last: `a`, `b` or `c`. */
export function listedCode(names: string[], or: string): string {
  const codes = names.map((name) => `\`${name}\``);
  const last = codes.pop() ?? "";
  return codes.length > 0 ? `${codes.join(", ")} ${or} ${last}` : last;
}
