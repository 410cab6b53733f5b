import { huntedBy, lesson } from "../course";
import type { Dialect } from "../engine/worker";
import { chooseSubject, DIALECTS, examples, openExample, openOwn, programs, sheet } from "../lab";
import { words } from "../words";

/** Which language, which example, whose answers. */
export function Chooser() {
  const { dialect, dialects, examples: label, chooseExample } = words.value;
  const { id, dialect: chosen } = sheet.value;
  if (lesson.value) {
    return (
      <div class="chooser">
        <SubjectChoice />
      </div>
    );
  }
  return (
    <div class="chooser">
      <SubjectChoice />
      <label class="field">
        <span class="hidden">{dialect}</span>
        <select
          data-testid="dialect"
          title={dialect}
          value={chosen}
          onChange={({ currentTarget }) => openOwn(currentTarget.value as Dialect)}
        >
          {DIALECTS.map((name) => (
            <option key={name} value={name}>
              {dialects[name]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="hidden">{label}</span>
        <select
          data-testid="examples"
          title={label}
          value={id.startsWith("example.") ? id : ""}
          onChange={({ currentTarget }) => openExample(currentTarget.value.slice("example.".length))}
        >
          <option value="" disabled>
            {chooseExample}
          </option>
          {DIALECTS.map((name) => (
            <optgroup key={name} label={dialects[name]}>
              {examples.value
                .filter((example) => example.dialect === name)
                .map(({ id, title }) => (
                  <option key={id} value={`example.${id}`}>
                    {title}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Where a program that is dropped here is kept among `programs`. */
const DROPPED = "dropped";
/** More than this is no program that the grader builds. */
const PROGRAM_BYTES_MAX = 16 << 20;

/** Who obeys: the reference, the program that a lesson hunts, or one that the grader built and the learner opened. */
function SubjectChoice() {
  const { subjects } = words.value;
  const { subject, dialect } = sheet.value;
  const open = lesson.value;
  if (dialect !== "lab" || (open && !open.mutant)) {
    return null;
  }
  const choose = async (value: string) => {
    if (value === "") {
      chooseSubject(undefined);
    } else if (value === "open") {
      pick();
    } else if (open && value === open.mutant) {
      const isThere = (await huntedBy(open)) !== "unloaded";
      chooseSubject(isThere ? value : undefined);
    } else {
      chooseSubject(value);
    }
  };
  return (
    <label class="field">
      <span class="hidden">{subjects.label}</span>
      <select
        data-testid="subject"
        title={subjects.label}
        value={subject ?? ""}
        onChange={({ currentTarget }) => {
          choose(currentTarget.value);
          currentTarget.value = subject ?? "";
        }}
      >
        <option value="">{subjects.reference}</option>
        {open?.mutant && <option value={open.mutant}>{subjects.hunted}</option>}
        {!open && programs.has(DROPPED) && <option value={DROPPED}>{subjects.dropped}</option>}
        {!open && <option value="open">{subjects.open}</option>}
      </select>
    </label>
  );
}

/** Asks for a program's file, and has it obey. */
function pick(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".wasm,application/wasm";
  input.onchange = async () => {
    const [file] = input.files ?? [];
    if (file) {
      await takeProgram(file);
    }
  };
  input.click();
}

/** Has this file's program obey the script; `false` when it is none. */
export async function takeProgram(file: Blob): Promise<boolean> {
  if (file.size > PROGRAM_BYTES_MAX) {
    return false;
  }
  try {
    programs.set(DROPPED, await WebAssembly.compile(await file.arrayBuffer()));
    chooseSubject(undefined);
    chooseSubject(DROPPED);
    return true;
  } catch {
    return false;
  }
}
