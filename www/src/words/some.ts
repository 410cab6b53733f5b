/** A count with its noun: as a number, or as the chosen language writes it. */
export const someInEnglish = (count: number | string, one: string, many: string) =>
  `${count} ${String(count) === "1" ? one : many}`;

/** A count with its noun: in French none is singular too. */
export const someInFrench = (count: number | string, one: string, many: string) =>
  `${count} ${["0", "1"].includes(String(count)) ? one : many}`;
