import { useRef } from "preact/hooks";
import { commandHelp } from "../lab";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** Every command of the lab language, from the engine's own table. */
export function Commands() {
  const { commands } = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button
        type="button"
        class="button"
        title={commands.title}
        aria-label={commands.title}
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="help" />
      </button>
      <Dialog box={dialog} name="commands" title={commands.title} isWide>
        <p>{commands.rest}</p>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{commands.usage}</th>
              <th scope="col">{commands.help}</th>
            </tr>
          </thead>
          <tbody>
            {commandHelp.value.map(({ name, usage, help }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{usage}</code>
                </th>
                <td>{help}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Dialog>
    </>
  );
}
