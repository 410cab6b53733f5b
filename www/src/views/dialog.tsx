import type { ComponentChildren, Ref } from "preact";
import { isSettled, settle } from "../settled";
import { words } from "../words";

/** A dialog under its title; what is in it is drawn once the first screen stands. Esc, a click beside it and its last button close it. `name` is the stem of its ids. */
export function Dialog({
  box,
  name,
  title,
  isWide = false,
  children,
}: {
  box: Ref<HTMLDialogElement>;
  name: string;
  title: string;
  isWide?: boolean;
  children: ComponentChildren;
}) {
  return (
    <dialog
      ref={box}
      class={isWide ? "dialog wide" : "dialog"}
      aria-labelledby={`${name}-title`}
      closedby="any"
    >
      {/* The focus begins here: on a later button it would scroll a long dialog to its end. */}
      <h2 id={`${name}-title`} tabIndex={-1} autofocus>
        {title}
      </h2>
      {isSettled.value && children}
      <form method="dialog">
        <button type="submit" class="button primary">
          {words.value.banner.close}
        </button>
      </form>
    </dialog>
  );
}

/** Opens a dialog, with all that is in it. */
export function open(dialog: HTMLDialogElement | null): void {
  settle();
  dialog?.showModal();
}
