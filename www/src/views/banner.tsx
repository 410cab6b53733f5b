import { isExample, leaveExample, lesson, openLesson } from "../course";
import { isEmbedded } from "../embed";
import { place } from "../guide";
import {
  chooseSubject,
  dropKept,
  isEdited,
  isRead,
  keptTexts,
  lack,
  linkFault,
  openForkedFrom,
  openMeant,
  openOwn,
  programs,
  reachProgram,
  reading,
  retry,
  sheet,
  showOriginal,
  takeKept,
  trouble,
} from "../lab";
import type { LinkFault } from "../link";
import { language } from "../settings";
import { isOwn, type Sheet } from "../sheets";
import { formatNumber, words } from "../words";
import { coded } from "./markdown";

/** What a person must know about the open sheet, and what went wrong. */
export function Banner() {
  const { banner, status } = words.value;
  const fault = linkFault.value;
  return (
    <div class="banners">
      {trouble.value && (
        <p class="banner bad" role="alert">
          {status[trouble.value]}
          {(trouble.value === "failed" || trouble.value === "endless") && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                trouble.value = undefined;
              }}
            >
              {banner.close}
            </button>
          )}
          {trouble.value === "unloaded" && (
            <button type="button" class="button small" onClick={retry}>
              {banner.retry}
            </button>
          )}
        </p>
      )}
      {fault && (
        <p class="banner bad" role="alert">
          {faulty(fault)}
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
      <Lacking />
      <Meant />
      {!isEmbedded && !isOwn(sheet.value) && !sheet.value.id.startsWith("lesson.") && <Borrowed />}
      {(sheet.value.lesson === undefined || place.value === "lesson") &&
        keptTexts.value.slice(0, 1).map((one) => (
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

function faulty(fault: LinkFault): string {
  const { banner } = words.value;
  switch (fault.fault) {
    case "version":
      return banner.version(fault.version);
    case "lesson":
      return banner.noLesson(fault.lesson);
    default:
      return banner[fault.fault];
  }
}

/** The program that is to obey is not here: nobody obeys in its place unless the learner says so. */
function Lacking() {
  const { banner } = words.value;
  const { subject } = sheet.value;
  const why = lack.value;
  if (!why || subject === undefined) {
    return null;
  }
  return (
    <p class="banner bad" role="alert" data-testid="lacking">
      <span class="lines">
        {coded(typeof why === "string" ? banner.lack[why] : banner.lackSaid(why.said))}
      </span>
      {why !== "unknown" && (
        <button type="button" class="button small" onClick={() => reachProgram(subject)}>
          {banner.retry}
        </button>
      )}
      <button type="button" class="button small" onClick={() => chooseSubject(undefined)}>
        {banner.reference}
      </button>
    </p>
  );
}

function Borrowed() {
  const { banner } = words.value;
  const { dialect, lesson: of, fork } = sheet.value;
  const goHome = () => (isExample.value ? leaveExample() : of ? openLesson(of) : openOwn(dialect));
  return (
    <p class="banner" role="note" data-testid="borrowed">
      <span>{coded(whence(sheet.value))}</span>
      {isEdited.value && (
        <button type="button" class="button small" onClick={showOriginal}>
          {banner.original}
        </button>
      )}
      {fork && fork.from !== `own.${dialect}` && (
        <button type="button" class="button small" onClick={() => openForkedFrom() || goHome()}>
          {banner.forkedFrom}
        </button>
      )}
      <button type="button" class="button small" onClick={goHome}>
        {banner.mine}
      </button>
    </p>
  );
}

/** Where a sheet comes from that is not the learner's own, and who obeys there. */
function whence({ id, title, origin, fork, subject }: Sheet): string {
  const { banner } = words.value;
  if (origin) {
    const { title, expected, actual } = origin;
    if (subject === undefined) {
      return banner.check(title, expected, actual);
    }
    return programs.value.has(subject) ? banner.ownCheck(title) : banner.ofCheck(title, expected, actual);
  }
  if (fork !== undefined) {
    return banner.fork(formatNumber(fork.after));
  }
  if (id.startsWith("pasted.")) {
    return banner.pasted;
  }
  return title === undefined ? banner.link : banner.example(title);
}

/** A script that was pasted into the wrong language, as the engine recognised it. */
function Meant() {
  const { banner, dialects } = words.value;
  const { meant } = reading.value;
  if (!meant || !isRead.value || lesson.value) {
    return null;
  }
  return (
    <p class="banner" role="note" data-testid="meant">
      <span>{banner.meant(dialects[meant])}</span>
      <button type="button" class="button small" onClick={() => openMeant(meant)}>
        {banner.takeMeant}
      </button>
    </p>
  );
}
