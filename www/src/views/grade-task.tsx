import type { Brief, Starter } from "../engine/types";
import { chosen, exercises, tell, told } from "../offers";
import { language } from "../settings";
import { words } from "../words";
import { zip } from "../zip";
import { coded, Markdown } from "./markdown";

/** What the chosen exercise asks: its statement, its rows with their points, and a starter. Only a server tells it. */
export function Task() {
  const { grades } = words.value;
  const id = chosen.value?.id;
  if (id === undefined || !exercises.value?.length) {
    return null;
  }
  const brief = told.value.get(id);
  return (
    <details
      // Another exercise's is closed, and asked for once it is opened.
      key={id}
      class="task-of"
      data-testid="grade-task"
      onToggle={({ currentTarget }) => currentTarget.open && tell(id)}
    >
      <summary>{grades.task}</summary>
      {brief ? (
        <Told brief={brief} />
      ) : (
        <p role="status">{told.value.has(id) ? grades.untold : grades.telling}</p>
      )}
    </details>
  );
}

function Told({ brief }: { brief: Brief }) {
  const { grades } = words.value;
  const inLanguage = (text: Brief["title"]) => text[language.value];
  const { id, statement, rows, starters, max_score, passing_score } = brief;
  return (
    <>
      <Markdown text={inLanguage(statement)} />
      <div class="wide-table">
        <table class="table" data-testid="grade-rows">
          <caption>{grades.rows(max_score, passing_score)}</caption>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">{inLanguage(row.title)}</th>
                <td>{inLanguage(row.category)}</td>
                <td class="number">{row.points}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="starters">
        {starters
          .filter(({ files }) => Object.keys(files).length > 0)
          .map((starter) => (
            <button
              key={starter.language}
              type="button"
              class="button"
              data-testid={`starter-${starter.language}`}
              onClick={() => save(id, starter)}
            >
              {grades.starter(starters.length > 1 ? LANGUAGES[starter.language] : "")}
            </button>
          ))}
      </p>
      <p class="note">{coded(grades.begin(id))}</p>
    </>
  );
}

const LANGUAGES: Record<Starter["language"], string> = {
  rust: "Rust",
  python: "Python",
  script: "",
  http: "",
};

/** Has the browser keep a starter as an archive, all in one folder of the exercise's name. */
function save(id: string, { files }: Starter): void {
  const encode = (text: string) => new TextEncoder().encode(text);
  const entries = Object.entries(files).map(([path, text]) => ({
    path: `${id}/${path}`,
    bytes: encode(text),
  }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(zip(entries));
  link.download = `${id}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
