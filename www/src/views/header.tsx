import { show } from "../guide";
import { language, type Theme, theme } from "../settings";
import { words } from "../words";
import { Grade } from "./grade";
import { Help } from "./help";
import { Icon } from "./icons";
import { Share } from "./share";

const LANGUAGES = [
  ["en", "English"],
  ["fr", "Français"],
] as const;

export function Header() {
  const { tagline } = words.value;
  return (
    <header class="top">
      <div class="brand">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M22.5 6.2a12 12 0 1 0 4.6 5.3" />
          <circle cx="24.6" cy="8" r="3.4" />
        </svg>
        <h1>Cachedojo</h1>
        <p>{tagline}</p>
      </div>
      <div class="settings">
        <LanguageChoice />
        <ThemeChoice />
        <button type="button" class="button" data-testid="lessons" onClick={() => show("lessons")}>
          <Icon name="list" />
          <span class="label">{words.value.guide.lessons}</span>
        </button>
        <Grade />
        <Share />
        <Help />
      </div>
    </header>
  );
}

function LanguageChoice() {
  return (
    <fieldset class="choice">
      <legend class="hidden">{words.value.language}</legend>
      {LANGUAGES.map(([tag, name]) => (
        <button
          key={tag}
          type="button"
          lang={tag}
          title={name}
          aria-pressed={language.value === tag}
          onClick={() => {
            language.value = tag;
          }}
        >
          <span aria-hidden="true">{tag.toUpperCase()}</span>
          <span class="hidden">{name}</span>
        </button>
      ))}
    </fieldset>
  );
}

function ThemeChoice() {
  const { label, system, light, dark } = words.value.theme;
  return (
    <label class="field">
      <span class="hidden">{label}</span>
      <select
        title={label}
        value={theme.value ?? ""}
        onChange={({ currentTarget }) => {
          theme.value = currentTarget.value === "" ? undefined : (currentTarget.value as Theme);
        }}
      >
        <option value="">{system}</option>
        <option value="light">{light}</option>
        <option value="dark">{dark}</option>
      </select>
    </label>
  );
}
