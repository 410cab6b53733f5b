import { goToLine, isStale, reading, run, typedLine } from "../lab";
import { words } from "../words";
import { coded } from "./markdown";

/** More than these do not fit below the editor; every one is underlined. */
const SHOWN_MAX = 3;

/** The script's first mistakes in words, for those who cannot hover over them. */
export function Mistakes() {
  const { status } = words.value;
  // A line that is being written is not complained of yet, unless it has been run as it is.
  const spared = isStale.value || run.value.position === 0 ? typedLine.value : undefined;
  const diagnostics = reading.value.diagnostics.filter(
    ({ sort, line }) => sort !== "blank" && line !== spared,
  );
  if (diagnostics.length === 0) {
    return null;
  }
  return (
    <ul class="mistakes" data-testid="mistakes">
      {diagnostics.slice(0, SHOWN_MAX).map(({ from, line, message }) => (
        <li key={from}>
          <button type="button" onClick={() => goToLine(line)}>
            {status.line(line)}
          </button>
          {coded(message)}
        </li>
      ))}
    </ul>
  );
}
