/** Line drawings on a 16 x 16 grid. */
const PATHS = {
  left: "M10 3 5 8l5 5",
  fold: "M3 3v10M13 4.5 9 8l4 3.5",
  unfold: "M3 3v10M7 4.5 11 8l-4 3.5",
  list: "M6 4h7M6 8h7M6 12h7M3 4h.1M3 8h.1M3 12h.1",
  play: "M5 3.2v9.6L13 8z",
  pause: "M5 3.5v9M11 3.5v9",
  bolt: "M9 2 4 9h4l-1 5 5-7H8z",
  run: "M3 3.5v9L8 8zM8.5 3.5v9l5-4.5z",
  toLine: "M3 4h6M3 8h4M13 4v5.5M10.5 7.5 13 10l2.5-2.5M3 12.5h10",
  wide: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  narrow: "M6 2v4H2M14 6h-4V2M10 14v-4h4M2 10h4v4",
  fork: "M5 3v10M5 9c0-3 6-1.5 6-5M9 5.5 11 3l2 2.5",
  step: "M3 3.5v9L9 8zM12.5 3.5v9",
  back: "M13 3.5v9L7 8zM3.5 3.5v9",
  stop: "M4 4h8v8H4z",
  reset: "M3.2 8a4.8 4.8 0 1 0 1.5-3.5M3 2.5v2.7h2.7",
  share: "M8 10V2.5M5 5l3-2.7L11 5M3.5 8.5v5h9v-5",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  hit: "M3 8.5 6.5 12 13 4.5",
  miss: "M8 3.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6",
  stored: "M8 3v7M5 7.5 8 10.5l3-3M3 13h10",
  gone: "M4 8h8",
  evicted: "M8 10V3M5 5.5 8 2.5l3 3M3 13h10",
  expired: "M4.5 2.5h7L8 8l3.5 5.5h-7L8 8z",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3l2 1.5",
  held: "M2.8 8a5.2 5.2 0 1 0 10.4 0a5.2 5.2 0 1 0-10.4 0M5.5 8.2 7.3 10l3.2-3.8",
  broken: "M4 4l8 8M12 4l-8 8",
  made: "M8 3v10M3 8h10",
  owner: "M3 8h9M9 5l3 3-3 3",
  said: "M3 3.5h10v7H8L5 13v-2.5H3z",
  info: "M8 7v5M8 4v.6",
  help: "M5.6 6a2.4 2.4 0 1 1 3.5 2.1C8.3 8.6 8 9 8 10M8 12.6v.2",
  alarm: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
