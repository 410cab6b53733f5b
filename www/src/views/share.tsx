import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { copyText } from "../clipboard";
import { shareLink } from "../lab";
import { formatNumber, words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** Links longer than this are cut by some messengers. */
const CHARACTERS_SAFE = 2000;

export function Share() {
  const { share, sharing } = words.value;
  const link = useSignal("");
  const isCopied = useSignal(false);
  const dialog = useRef<HTMLDialogElement>(null);

  const copy = async () => {
    isCopied.value = await copyText(link.value);
  };
  const show = async () => {
    link.value = await shareLink();
    await copy();
    dialog.current?.showModal();
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
      </Dialog>
    </>
  );
}
