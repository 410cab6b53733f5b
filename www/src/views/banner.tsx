import { isEdited, linkFault, openOwn, sheet, showOriginal, trouble } from "../lab";
import { isOwn } from "../sheets";
import { words } from "../words";

/** What a person must know about the open sheet, and what went wrong. */
export function Banner() {
  const { banner, status } = words.value;
  const fault = linkFault.value;
  const text = fault?.fault === "version" ? banner.version(fault.version) : banner.damaged;
  return (
    <div class="banners">
      {trouble.value && (
        <p class="banner bad" role="alert">
          {status[trouble.value]}
        </p>
      )}
      {fault && (
        <p class="banner bad" role="alert">
          {text}
          <button
            type="button"
            class="button small"
            onClick={() => {
              linkFault.value = undefined;
            }}
          >
            {banner.close}
          </button>
        </p>
      )}
      {!isOwn(sheet.value) && <Borrowed />}
    </div>
  );
}

function Borrowed() {
  const { banner } = words.value;
  const { dialect, title } = sheet.value;
  return (
    <p class="banner" role="note">
      <span>{title === undefined ? banner.link : banner.example(title)}</span>
      {isEdited.value && (
        <button type="button" class="button small" onClick={showOriginal}>
          {banner.original}
        </button>
      )}
      <button type="button" class="button small" onClick={() => openOwn(dialect)}>
        {banner.mine}
      </button>
    </p>
  );
}
