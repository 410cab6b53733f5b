/** How much room a picture has, so that what is written in it is never too small to be read. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** The type size, in pixels, of a window of common size: a picture's units are pixels there, and grow with the type. */
const TYPE_PX = 15;

export interface Room {
  /** The box's inner width, in a picture's units. */
  width: number;
  /** The window's height, in the same. */
  windowHeight: number;
  /** How many pixels a unit is. */
  unit: number;
}

/** How much room a box has. Follows the box, the window and the type. */
export function useUnits(box: RefObject<HTMLElement | null>): Room {
  const room = useSignal<Room>({ width: 0, windowHeight: 0, unit: 1 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const measure = () => {
      const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / TYPE_PX;
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      const inner = element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
      const [width, windowHeight] = [inner / unit, innerHeight / unit];
      const before = room.peek();
      if (width !== before.width || windowHeight !== before.windowHeight || unit !== before.unit) {
        room.value = { width, windowHeight, unit };
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      removeEventListener("resize", measure);
    };
  }, [box, room]);
  return room.value;
}
