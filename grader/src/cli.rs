//! The command line's arguments.

mod trace;
mod worker;

pub use trace::{EmptyRow, TraceArgs};
pub use worker::{QueueArg, WorkerArgs};

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_lab::schedule::Schedule;
use cachedojo_lab::script::Dialect;
use cachedojo_notation::text::Language;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::language::toolchain::Extra;
use crate::report::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0  passed (or done)
  1  graded, below the passing score (or an expectation of the script is broken)
  2  wrong usage
  3  the submission did not build or is forbidden
  4  the grader itself failed";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "grader", version, about = "Grades submissions to Cachedojo's exercises, and runs command scripts", after_help = EXIT_CODES)]
pub struct Cli {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, with their arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Grade a submission and print its report
    Grade(GradeArgs),
    /// Grade a submission again whenever it is saved, and say what changed
    #[command(after_help = "Ctrl-C ends it, with the exit code of the last grading, or 0 where there was none.")]
    Watch(GradingArgs),
    /// Grade every submission of a class: resumable, with a page, a table and data as results
    #[command(after_help = "Ctrl-C ends it, with exit code 130; the same command goes on where it was.")]
    Class(ClassArgs),
    /// Grade what `grader class --queue` puts on a queue, beside other workers
    Worker(WorkerArgs),
    /// Serve the playground and a grading API on one port of this machine
    Serve(ServeArgs),
    /// Run a command script and print what it answers
    Run(RunArgs),
    /// Build a submission's module, which the playground takes
    Build(BuildArgs),
    /// Write the files of the course that the playground loads
    #[command(hide = true)]
    ExportCourse(ExportArgs),
    /// Test the kit itself: solutions, starters and mutants of the built-in exercises
    Selfcheck(SelfcheckArgs),
    /// Replay a cache trace under eviction policies and sizes
    Trace(TraceArgs),
    /// Show what this machine lacks for grading, and the command that installs it
    Doctor(DoctorArgs),
    /// List the built-in exercises
    Exercises,
    /// Show an exercise: its statement and its table of checks
    Show(ShowArgs),
    /// Begin an exercise: write its starter and its statement into a new folder
    Init(InitArgs),
    /// Print a shell's completions
    Completions(CompletionsArgs),
    /// Print the manual page of the program or of one command, or write all of them into a folder
    Man(ManArgs),
}

/// What one submission is graded by: the arguments of `grader watch`, and the most of `grader grade`.
#[derive(Debug, Args)]
pub struct GradingArgs {
    /// The submission: a folder with src/lib.rs, main.py, script.txt or start, one source file, or an archive of them
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The exercise's id, or a pack's folder [default: distributed-cache; a folder begun for another exercise must name it]
    #[arg(long)]
    pub exercise: Option<String>,
    /// The grading seed: it chooses names and numbers in the checks
    #[arg(long, value_parser = seed, default_value_t = 0, allow_negative_numbers = true)]
    pub seed: u64,
    /// The report's language; what the environment says (LANG) changes nothing, so that a report is the same everywhere
    #[arg(long, value_parser = language, default_value = "en")]
    pub lang: Language,
    /// The address of the class's own playground, which the report's links open [default: this machine's]
    #[arg(long, value_name = "URL", env = "CACHEDOJO_PLAYGROUND", default_value = crate::report::PLAYGROUND)]
    pub playground: String,
    /// Compile without a sandbox, where this machine has none, and start services: only for submissions that you trust. A service is
    /// given PATH, HOME, LANG, TMPDIR and where its language's tools are, and nothing else of this environment
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `grader grade`.
#[derive(Debug, Args)]
pub struct GradeArgs {
    /// What is graded, and how.
    #[command(flatten)]
    pub grading: GradingArgs,
    /// The address of a service that runs already, instead of a path: http://HOST:PORT
    #[arg(long, value_name = "URL", conflicts_with = "start")]
    pub url: Option<String>,
    /// The command that starts the service in the path's folder, instead of its file `start`; variables that it needs stand in the
    /// command: `NAME=value program`
    #[arg(long, value_name = "COMMAND")]
    pub start: Option<String>,
    /// Further rows, of an exercise that has some: they give no points unless the pack's `extra.toml` says so
    #[arg(long, value_name = "KINDS", value_enum, value_delimiter = ',')]
    pub with: Vec<Extra>,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the report to this file instead of standard output
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Arguments of `grader class`.
#[derive(Debug, Args)]
pub struct ClassArgs {
    /// The class: a folder, or a zip or tar archive, with a folder or a file for each learner
    pub path: PathBuf,
    /// The exercise's id, or a pack's folder [default: distributed-cache; folders begun for another exercise must name it]
    #[arg(long)]
    pub exercise: Option<String>,
    /// How many submissions are graded at a time [default: one a core]; with --queue, the workers' own --jobs counts
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<NonZeroUsize>,
    /// Leave the grading to the workers of a queue, on Redis or PostgreSQL: see `grader worker --help`
    #[command(flatten)]
    pub queue: QueueArg,
    /// The folder for the results; named again, it is where the grading goes on
    #[arg(long, default_value = "class-results")]
    pub out: PathBuf,
    /// The grading seed
    #[arg(long, value_parser = seed, default_value_t = 0, allow_negative_numbers = true)]
    pub seed: u64,
    /// The reports' language
    #[arg(long, value_parser = language, default_value = "en")]
    pub lang: Language,
    /// Grade only one share of the learners, such as `2/4`: for several machines side by side
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(u32, u32)>,
    /// Take over the results of other runs: their results.redb
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub import: Vec<PathBuf>,
    /// The people of the course: a gradebook, a grading worksheet or a class list that the platform exported as CSV; marks
    /// are written into a copy of it, and learners who handed in nothing get a row
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// The gradebook's column for the marks, as the platform names it [default: the exercise's title]
    #[arg(long, value_name = "NAME")]
    pub column: Option<String>,
    /// Grade again what was graded before
    #[arg(long)]
    pub again: bool,
    /// The address of the class's own playground, which the reports' links open [default: this machine's]
    #[arg(long, value_name = "URL", env = "CACHEDOJO_PLAYGROUND", default_value = crate::report::PLAYGROUND)]
    pub playground: String,
    /// Compile without a sandbox, where this machine has none: only for submissions that you trust
    #[arg(long)]
    pub trust: bool,
}

const API: &str = "\
The API:
  POST /api/v1/grade?exercise=ID&seed=N&lang=en|fr&format=FORMAT
      The body is the submission: the text of src/lib.rs; a zip file; or, as application/json,
      {\"files\": {\"src/lib.rs\": \"…\"}}. The answer is the report, json unless another format is named.
      200 graded, whatever the marks; 400 no submission; 413 too large; 503 busy: ask again.
  GET /api/v1/exercises

  curl --data-binary @src/lib.rs 'http://127.0.0.1:8080/api/v1/grade?format=text'

It answers this machine and the playground's own pages only, or with --token-file whoever bears the token. Who gives up
waiting ends the grading. Ctrl-C ends it, a second one or SIGTERM at once.";

/// Arguments of `grader serve`.
#[derive(Debug, Args)]
#[command(after_help = API)]
pub struct ServeArgs {
    /// The port on 127.0.0.1; 0 is any free one [default: 8080, or any free one where that is taken]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// The built playground's folder [default: page/ beside the grader, else the repository's www/dist]
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// A pack's folder, to grade beside the built-in exercises
    #[arg(long, value_name = "DIR")]
    pub exercise: Vec<String>,
    /// How many submissions are graded at a time [default: one a core]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<NonZeroUsize>,
    /// A site whose pages may show the playground in a frame, as `https://course.example`
    #[arg(long, value_name = "ORIGIN")]
    pub embed: Vec<String>,
    /// A file with a token that every request to the API must bear (Authorization: Bearer …): for use behind a proxy. With it
    /// requests may name any host
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Compile without a sandbox, where this machine has none: only for submissions that you trust
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `grader doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only make what is made once and then needs no network, for submissions of every kind: the libraries for Rust with and without
    /// threads, and Python's packages for tests. The exit code is 0 once all of it is there; for building an image
    #[arg(long)]
    pub prepare: bool,
}

/// Arguments of `grader completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Arguments of `grader man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page is printed [default: the program's own]
    #[arg(conflicts_with = "out")]
    pub command: Option<String>,
    /// Write the pages of the program and of all its commands into this folder, such as ~/.local/share/man/man1, where `man
    /// grader-class` finds them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `grader run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The script's file, or `-` for standard input
    #[arg(required_unless_present = "commands")]
    pub script: Option<String>,
    /// List the commands of the script's language instead: lab's, or those of --dialect
    #[arg(long, conflicts_with = "script")]
    pub commands: bool,
    /// The language of what is printed for people. Answers of protocols have one language, and so have events in JSON
    #[arg(long, value_parser = language, default_value = "en")]
    pub lang: Language,
    /// The script's language [default: a scenario file's own, else the exercise's: line for line-cache, lab for any other]
    #[arg(long, value_parser = dialect)]
    pub dialect: Option<Dialect>,
    /// The subject that runs the script: `reference`, `mutant:ID`, or a submission's path. In an exercise whose submissions are
    /// nodes it is every node of the script's `cluster`
    #[arg(long, default_value = "reference")]
    pub subject: String,
    /// The exercise that a mutant or a submission belongs to [default: line-cache for a submission in Python or a script of the line
    /// protocol, distributed-cache for any other]
    #[arg(long)]
    pub exercise: Option<String>,
    /// The world's seed [default: a scenario file's own, else 0]
    #[arg(long, value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// For a subject with threads: which runs next, as a report on a race names it, such as `pct:5b5e58acbb28f70f` or '1@7>0'
    /// [default: a started thread runs at once]
    #[arg(long, value_parser = schedule)]
    pub schedule: Option<Schedule>,
    /// How to print: the answers as text, or all events as JSON
    #[arg(long, value_enum, default_value_t = RunFormat::Text)]
    pub format: RunFormat,
    /// Compile without a sandbox, where this machine has none: only for submissions that you trust
    #[arg(long)]
    pub trust: bool,
}

/// How `grader run` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// The answers, and nothing else.
    Text,
    /// One JSON object with diagnostics and events.
    Json,
}

/// Arguments of `grader build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The submission: a folder with src/lib.rs, or a .rs file
    pub path: PathBuf,
    /// The exercise's id, or a pack's folder
    #[arg(long, value_name = "ID|DIR", default_value = crate::pack::DEFAULT_ID)]
    pub exercise: String,
    /// The file to write
    #[arg(short, long, value_name = "FILE.wasm")]
    pub out: PathBuf,
    /// Compile without a sandbox, where this machine has none: only for submissions that you trust
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `grader export-course`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The folder; files with the same names are replaced
    pub folder: PathBuf,
    /// Compile without a sandbox, where this machine has none
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `grader selfcheck`.
#[derive(Debug, Args)]
pub struct SelfcheckArgs {
    /// The exercise's id, or a pack's folder [default: every built-in exercise]
    pub exercise: Option<String>,
    /// The grading seed
    #[arg(long, value_parser = seed, default_value_t = 0, allow_negative_numbers = true)]
    pub seed: u64,
    /// Compile without a sandbox, where this machine has none
    #[arg(long)]
    pub trust: bool,
}

/// Arguments of `grader show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The id of an exercise, a lesson or the course, or a pack's folder
    pub exercise: String,
    /// Print the exercise as JSON in the form of a catalogue (`spec.json`)
    #[arg(long)]
    pub spec: bool,
    /// The language
    #[arg(long, value_parser = language, default_value = "en")]
    pub lang: Language,
}

/// What `grader init --help` ends with.
const INIT_HELP: &str = "\
Examples:
  grader init line-cache work --code python     a learner begins an exercise in the folder `work`
  grader init --pack my-exercise                a teacher begins an exercise of their own: a small one, sound as it is
  grader selfcheck my-exercise                  says whether it is sound, after each change
  grader grade work --exercise my-exercise      grades by it";

/// Arguments of `grader init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub struct InitArgs {
    /// The id of an exercise or a lesson, or a pack's folder
    #[arg(required_unless_present = "pack")]
    pub exercise: Option<String>,
    /// The folder to make; it must be empty or not there yet
    #[arg(required_unless_present = "pack")]
    pub dir: Option<PathBuf>,
    /// Begin an exercise of your own in this folder, for `grader grade --exercise DIR`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["exercise", "dir", "code"])]
    pub pack: Option<PathBuf>,
    /// The programming language [default: the exercise's first]
    #[arg(long, alias = "language", value_parser = code_language, value_name = "LANGUAGE")]
    pub code: Option<CodeLanguage>,
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write how many, from 1 on".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number from 0 on, such as 42".to_owned())
}

fn code_language(name: &str) -> Result<CodeLanguage, String> {
    CodeLanguage::from_name(name)
        .ok_or_else(|| format!("choose one of {}", CodeLanguage::ALL.map(CodeLanguage::name).join(", ")))
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| "choose line, memcached, rest or lab".to_owned())
}

fn schedule(text: &str) -> Result<Schedule, String> {
    Schedule::parse(text)
        .ok_or_else(|| "write what the report names: pct:SEED, walk:SEED or switches, as '1@7>0'".to_owned())
}

fn language(name: &str) -> Result<Language, String> {
    match name {
        "en" => Ok(Language::English),
        "fr" => Ok(Language::French),
        _ => Err("choose en or fr".to_owned()),
    }
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    parts
        .filter(|(index, count)| (1..=*count).contains(index))
        .ok_or_else(|| "write I/N, such as 1/4 up to 4/4".to_owned())
}
