import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { copyText } from "../clipboard";
import { PICTURES, savePicture, saveRun } from "../export";
import { lack, shareLink } from "../lab";
import { formatNumber, words } from "../words";
import { Dialog, open } from "./dialog";
import { Icon } from "./icons";

/** Links longer than this are cut by some messengers. */
const CHARACTERS_SAFE = 2000;

export function Share() {
  const { share, sharing, status } = words.value;
  const link = useSignal("");
  const isCopied = useSignal(false);
  const pictures = useSignal<(keyof typeof PICTURES)[]>([]);
  const dialog = useRef<HTMLDialogElement>(null);

  const copy = async () => {
    isCopied.value = await copyText(link.value);
  };
  const show = async () => {
    link.value = await shareLink();
    await copy();
    pictures.value = (["ring", "messages"] as const).filter((name) => document.querySelector(PICTURES[name]));
    open(dialog.current);
  };
  return (
    <>
      <button type="button" class="button" data-testid="share" onClick={show}>
        <Icon name="share" />
        <span class="label">{share}</span>
      </button>
      <Dialog box={dialog} name="share" title={sharing.title}>
        <p>{sharing.contains}</p>
        <div class="link">
          <input
            readOnly
            aria-label={sharing.title}
            value={link.value}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
          <button type="button" class="button" onClick={copy}>
            <Icon name="copy" />
            {sharing.copy}
          </button>
        </div>
        <p role="status">{isCopied.value ? sharing.copied : sharing.manual}</p>
        {link.value.length > CHARACTERS_SAFE && <p>{sharing.long(formatNumber(link.value.length))}</p>}
        <h3>{sharing.files}</h3>
        {lack.value && <p role="alert">{status.lacking}</p>}
        <div class="offers">
          <button type="button" class="button" data-testid="export-json" onClick={() => saveRun("json")}>
            {sharing.trace}
          </button>
          <button
            type="button"
            class="button"
            data-testid="export-handout"
            onClick={() => saveRun("handout")}
          >
            {sharing.handout}
          </button>
          <button type="button" class="button" data-testid="export-text" onClick={() => saveRun("text")}>
            {sharing.transcript}
          </button>
          {pictures.value.map((name) => (
            <button
              key={name}
              type="button"
              class="button"
              data-testid={`export-${name}`}
              onClick={() => savePicture(name)}
            >
              {sharing.pictures[name]}
            </button>
          ))}
        </div>
      </Dialog>
    </>
  );
}
