import { useEffect, useRef } from "preact/hooks";
import { commandHelp, sheet } from "../lab";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { coded } from "./markdown";

/** What a button's hint says of it, but for the key, which stands beside it here. */
function withoutKey(hint: string): string {
  return hint.replace(/\s\([^)]*\)$/, "");
}

/** The keys, and every command of the lab language from the engine's own table. */
export function Help() {
  const { help, commands, hints, tools } = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const ask = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest("input, textarea, select, .cm-content");
      if (event.key === "?" && !isTyping && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        dialog.current?.showModal();
      }
    };
    addEventListener("keydown", ask);
    return () => removeEventListener("keydown", ask);
  }, []);
  const keys: [string, string][] = [
    ["Ctrl+Enter", withoutKey(hints.run)],
    ["F10", withoutKey(hints.step)],
    ["F9", withoutKey(hints.back)],
    ["Ctrl+F10", withoutKey(tools.toLine)],
    ["Esc", withoutKey(hints.stop)],
    ["Ctrl+Space", help.complete],
    ["Esc, Tab", help.leave],
    ["?", help.title],
  ];
  return (
    <>
      <button
        type="button"
        class="button"
        data-testid="help"
        title={`${help.title} (?)`}
        aria-label={help.title}
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="help" />
      </button>
      <Dialog box={dialog} name="help" title={help.title} isWide>
        <h3>{help.keys}</h3>
        <dl class="keys-help">
          {keys.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <h3>{commands.title}</h3>
        <p>{commands.rest}</p>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{commands.usage}</th>
              <th scope="col">{commands.help}</th>
            </tr>
          </thead>
          <tbody>
            {commandHelp.value[sheet.value.dialect].map(({ name, usage, help }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{usage}</code>
                </th>
                <td>{coded(help)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Dialog>
    </>
  );
}
