import { isExample, openLesson } from "../course";
import {
  dropKept,
  isEdited,
  keptTexts,
  linkFault,
  openOwn,
  retry,
  sheet,
  showOriginal,
  takeKept,
  trouble,
} from "../lab";
import { language } from "../settings";
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
          {trouble.value === "unloaded" && (
            <button type="button" class="button small" onClick={retry}>
              {banner.retry}
            </button>
          )}
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
      {!isOwn(sheet.value) && !sheet.value.id.startsWith("lesson.") && <Borrowed />}
      {keptTexts.value.slice(0, 1).map((one) => (
        <p key={one.key} class="banner" role="note" data-testid="kept">
          <span>{banner.kept(new Date(one.at).toLocaleTimeString(language.value))}</span>
          <button type="button" class="button small" onClick={() => takeKept(one)}>
            {banner.take}
          </button>
          <button type="button" class="button small" onClick={() => dropKept(one)}>
            {banner.forget}
          </button>
        </p>
      ))}
    </div>
  );
}

function Borrowed() {
  const { banner } = words.value;
  const { dialect, title, origin, lesson } = sheet.value;
  const what = title === undefined ? banner.link : banner.example(title);
  return (
    <p class="banner" role="note" data-testid="borrowed">
      <span>{origin ? banner.check(origin.title, origin.expected, origin.actual) : what}</span>
      {isEdited.value && (
        <button type="button" class="button small" onClick={showOriginal}>
          {banner.original}
        </button>
      )}
      <button
        type="button"
        class="button small"
        onClick={() => (isExample.value && lesson ? openLesson(lesson) : openOwn(dialect))}
      >
        {banner.mine}
      </button>
    </p>
  );
}
