import type { ComponentChildren } from "preact";

interface ScrollBoxProps {
  testId: string;
  /** The id of the heading that names it. */
  labelledBy: string;
  children: ComponentChildren;
}

/** A card's body that scrolls when it must, from the keyboard too. */
export function ScrollBox({ testId, labelledBy, children }: ScrollBoxProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
    <section class="fill" data-testid={testId} tabIndex={0} aria-labelledby={labelledBy}>
      {children}
    </section>
  );
}
