import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { commandHelp, sheet } from "../lab";
import type { CommandHelp } from "../wasm/cachedojo";
import { words } from "../words";
import { Dialog, open } from "./dialog";
import { Icon } from "./icons";
import { coded } from "./markdown";

/** What a button's hint says of it, but for the key, which stands beside it here. */
function withoutKey(hint: string): string {
  return hint.replace(/\s\([^)]*\)$/, "");
}

/** The keys, and every command of the open language, behind a button. */
export function Help() {
  const { help } = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const ask = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest("input, textarea, select, .cm-content");
      if (event.key === "?" && !isTyping && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        open(dialog.current);
      }
    };
    addEventListener("keydown", ask);
    return () => removeEventListener("keydown", ask);
  }, []);
  return (
    <>
      <button
        type="button"
        class="button"
        data-testid="help"
        title={`${help.title} (?)`}
        aria-label={help.title}
        onClick={() => open(dialog.current)}
      >
        <Icon name="help" />
      </button>
      <Dialog box={dialog} name="help" title={help.title} isWide>
        <Keys />
        <Commands />
      </Dialog>
    </>
  );
}

function Keys() {
  const { help, hints, tools } = words.value;
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
      <h3>{help.keys}</h3>
      <dl class="keys-help">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key.replace(/\w+/g, (name) => help.names[name] ?? name)}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** Every command of the open language, from the engine's own table. */
function Commands() {
  const { help, commands } = words.value;
  const sought = useSignal("");
  const found = commandHelp.value[sheet.value.dialect].filter(({ usage, help: text }) =>
    `${usage} ${text}`.toLowerCase().includes(sought.value.trim().toLowerCase()),
  );
  return (
    <>
      <h3>{commands.title}</h3>
      <p>{commands.rest}</p>
      <label class="field">
        <span class="hidden">{help.find}</span>
        <input
          class="find"
          type="search"
          data-testid="help-find"
          placeholder={help.find}
          autocomplete="off"
          value={sought.value}
          onInput={({ currentTarget }) => {
            sought.value = currentTarget.value;
          }}
        />
      </label>
      {found.length === 0 ? (
        <p role="status">{help.none}</p>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{commands.usage}</th>
              <th scope="col">{commands.help}</th>
            </tr>
          </thead>
          {grouped(found).map(({ heading, all }) => (
            <tbody key={heading}>
              {heading !== "" && (
                <tr>
                  <th class="family" scope="rowgroup" colSpan={2}>
                    {coded(heading)}
                  </th>
                </tr>
              )}
              {all.map(({ name, usage, help: text }) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{usage}</code>
                  </th>
                  <td>{coded(text)}</td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      )}
    </>
  );
}

/** Neighbours with one heading together. */
function grouped(commands: CommandHelp[]): { heading: string; all: CommandHelp[] }[] {
  const groups: { heading: string; all: CommandHelp[] }[] = [];
  for (const command of commands) {
    const last = groups.at(-1);
    if (last?.heading === command.heading) {
      last.all.push(command);
    } else {
      groups.push({ heading: command.heading, all: [command] });
    }
  }
  return groups;
}
