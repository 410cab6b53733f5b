//! `cargo xtask simulate`: random lives of the simulated cluster, by the thousand, and the mutants that they must find.
//!
//! The cluster and its world are built apart from everything else, as one small crate in the target folder. So an optimised build
//! takes seconds, and for a mutant (a patch of one file of `src/cluster`) only the changed part is compiled again.

use crate::project::Project;
use crate::tools::timed;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use walkdir::WalkDir;
use xshell::cmd;

/// The simulator must find each mutant within so many seeds.
const SEEDS_OF_MUTANTS: u64 = 1000;
/// The name of the small crate, and of its program.
const NAME: &str = "lives";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many random lives
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Instead, build these mutants of the cluster (all without a name), and see that each is killed by its scenario and found by the
    /// simulator
    #[arg(long, num_args = 0.., value_name = "ID")]
    mutants: Option<Vec<String>>,
    /// With --mutants: scenarios only
    #[arg(long, requires = "mutants")]
    quick: bool,
    /// Instead, visit the states of the consensus core with a model checker, at most so many in each world
    #[arg(long, num_args = 0..=1, value_name = "STATES", default_missing_value = "1000000", conflicts_with = "mutants")]
    model: Option<u64>,
}

pub(crate) fn simulate(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let lives = Lives::new(project);
    if let Some(ids) = &arguments.mutants {
        return mutants(project, &lives, ids, arguments.quick);
    }
    if let Some(states) = arguments.model {
        return model(project, states);
    }
    let program = lives.build(None, Speed::Fast)?;
    let (from, count) = (arguments.from.to_string(), arguments.seeds.to_string());
    let (status, took) = timed(|| cmd!(project.shell, "{program} {from} {count}").quiet().ignore_status().output());
    let output = status?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
    println!("in {:.1} s", took.as_secs_f64());
    Ok(if output.status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The scenarios, and the first thousand lives: the step of `cargo xtask test`.
pub(crate) fn test(project: &Project) -> Result<()> {
    let lives = Lives::new(project);
    let program = lives.build(None, Speed::Fast)?;
    cmd!(project.shell, "{program} 0 3000")
        .quiet()
        .run()
        .context("a promise was broken: the script above shows how")?;
    let code = mutants(project, &lives, &[], true)?;
    ensure!(code == ExitCode::SUCCESS, "a mutant survived its scenario");
    Ok(())
}

/// A known bug: a patch of one file.
struct Mutant {
    id: String,
    sentence: String,
    scenario: String,
    /// Why no random life can find it; `None` if one can.
    apart: Option<String>,
    file: String,
    patch: String,
}

impl Mutant {
    fn all(project: &Project) -> Result<Vec<Self>> {
        let folder = project.root.join("simulate/mutants");
        let mut found: Vec<Self> = fs::read_dir(&folder)
            .with_context(|| folder.display().to_string())?
            .map(|entry| Self::read(&entry?.path()))
            .collect::<Result<_>>()?;
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let field = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).map(str::to_owned);
        let name = || path.display().to_string();
        let sentence = field("# ").with_context(|| format!("{}: begin with `# what is wrong`", name()))?;
        let scenario = field("# killed by: ").with_context(|| format!("{}: add `# killed by: …`", name()))?;
        let apart = field("# no life finds it: ");
        let file = field("--- a/").with_context(|| format!("{} is no unified diff", name()))?;
        let patch = text[text.find("--- a/").unwrap_or(0)..].to_owned();
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { id, sentence, scenario, apart, file: file.trim().to_owned(), patch })
    }

    /// The file with the patch applied.
    fn source(&self, project: &Project) -> Result<String> {
        let sound = fs::read_to_string(project.root.join(&self.file)).with_context(|| self.file.clone())?;
        let patch = diffy::Patch::from_str(&self.patch).with_context(|| format!("{} is no unified diff", self.id))?;
        let does_not_fit =
            || format!("simulate/mutants/{}.patch does not fit {} any more: make it anew", self.id, self.file);
        diffy::apply(&sound, &patch).with_context(does_not_fit)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    /// For random lives by the thousand.
    Fast,
    /// For a thousand lives of each mutant.
    QuicklyBuilt,
    /// For scenarios alone, which are over in an instant.
    BuiltAtOnce,
}

/// The small crate.
struct Lives<'a> {
    project: &'a Project,
    folder: PathBuf,
}

impl<'a> Lives<'a> {
    fn new(project: &'a Project) -> Self {
        Self { project, folder: project.target.join("simulate") }
    }

    /// Writes a file unless it has this content already: an unchanged file is not compiled again.
    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    fn copy_folder(&self, from: &str, to: &str, changed: &BTreeMap<String, String>) -> Result<()> {
        for entry in WalkDir::new(self.project.root.join(from)) {
            let entry = entry?;
            if entry.file_type().is_file() {
                let name =
                    entry.path().strip_prefix(self.project.root.join(from))?.to_string_lossy().replace('\\', "/");
                let source = format!("{from}/{name}");
                let text = match changed.get(&source) {
                    Some(text) => text.clone(),
                    None => fs::read_to_string(entry.path())?,
                };
                self.write(&format!("src/{to}/{name}"), &text)?;
            }
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.project.root.join(path)).with_context(|| path.to_owned())
    }

    /// Copies the cluster with what it uses of the engine, except for the given files, whose text is given.
    fn copy_cluster(&self, mut changed: BTreeMap<String, String>) -> Result<()> {
        let read = |path: &str| self.read(path);
        let cluster = read("src/cluster/mod.rs")?;
        // The exercise's `DistributedCache` needs parts of the engine that are left out.
        let kept: Vec<&str> = cluster.lines().filter(|line| !line.contains("prototype")).collect();
        changed.insert("src/cluster/mod.rs".to_owned(), kept.join("\n"));
        changed.insert("src/cluster/prototype.rs".to_owned(), String::new());
        self.copy_folder("src/cluster", "cluster", &changed)?;
        self.copy_folder("src/ring", "ring", &changed)?;
        self.write("src/random.rs", &read("src/random.rs")?)?;
        self.write("src/cache/glob.rs", &read("src/cache/glob.rs")?)?;
        self.write("src/cache/mod.rs", "mod glob;\npub use glob::Glob;\n")
    }

    /// Builds the program, with a mutant's patch if one is given. Modules keep their paths, so the sources are those of the
    /// engine and the lab; their other modules are left out.
    fn build(&self, mutant: Option<&Mutant>, speed: Speed) -> Result<PathBuf> {
        let read = |path: &str| self.read(path);
        let mut changed = BTreeMap::new();
        if let Some(mutant) = mutant {
            changed.insert(mutant.file.clone(), mutant.source(self.project)?);
        }
        self.copy_folder("lab/src/world/cluster", "world/cluster", &changed)?;
        self.copy_cluster(changed)?;
        self.write("src/world/agenda.rs", &read("lab/src/world/agenda.rs")?)?;
        self.write("src/shrink.rs", &read("lab/src/shrink.rs")?)?;
        self.write("src/world/mod.rs", "mod agenda;\npub mod cluster;\n")?;
        self.write("src/duration.rs", &read("notation/src/duration.rs")?)?;
        let modules = "extern crate self as cachedojo;\nextern crate self as cachedojo_notation;\npub mod cache;\npub mod cluster;\npub mod duration;\npub mod random;\npub mod ring;\npub mod shrink;\npub mod world;\n";
        self.write("src/lib.rs", modules)?;
        self.write("src/main.rs", &read("simulate/src/main.rs")?.replace("cachedojo_lab::", "lives::"))?;
        self.write("src/listener.rs", &read("simulate/src/listener.rs")?.replace("cachedojo::", "lives::"))?;
        let profiles = "[profile.release]\n[profile.dev]\nopt-level = 1\ndebug = false\noverflow-checks = false\ndebug-assertions = false\n[profile.scenes]\ninherits = \"dev\"\nopt-level = 0\n";
        let package =
            format!("[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n{profiles}");
        self.write("Cargo.toml", &package)?;
        let shell = &self.project.shell;
        let (manifest, target) = (self.folder.join("Cargo.toml"), self.folder.join("target"));
        let (flags, profile): (&[&str], _) = match speed {
            Speed::Fast => (&["--release"], "release"),
            Speed::QuicklyBuilt => (&[], "debug"),
            Speed::BuiltAtOnce => (&["--profile", "scenes"], "scenes"),
        };
        cmd!(shell, "cargo build --quiet --offline --manifest-path {manifest} --target-dir {target} {flags...}")
            .env("RUSTFLAGS", "--cap-lints allow")
            .quiet()
            .run()?;
        Ok(target.join(profile).join(NAME))
    }
}

/// Visits the states of the consensus core, with [stateright](https://docs.rs/stateright). Its features would change those of crates
/// that the workspace shares with it, so the core is built with it apart, as in [`Lives`].
fn model(project: &Project, states: u64) -> Result<ExitCode> {
    const TESTS_ONLY: &str = "#[cfg(test)]\npub mod model;";
    let small = Lives { project, folder: project.target.join("model") };
    let core = small.read("src/cluster/raft.rs")?;
    ensure!(core.contains(TESTS_ONLY), "src/cluster/raft.rs ends with its module `model` no more: adapt xtask");
    let core = core.replace(TESTS_ONLY, "pub mod model;");
    small.copy_cluster(BTreeMap::from([("src/cluster/raft.rs".to_owned(), core)]))?;
    let modules = "extern crate self as cachedojo;\npub mod cache;\npub mod cluster;\npub mod random;\npub mod ring;\n";
    small.write("src/lib.rs", modules)?;
    for (from, to) in [("main.rs", "src/main.rs"), ("Cargo.toml", "Cargo.toml"), ("Cargo.lock", "Cargo.lock")] {
        small.write(to, &small.read(&format!("simulate/model/{from}"))?)?;
    }
    let (manifest, target) = (small.folder.join("Cargo.toml"), small.folder.join("target"));
    let (how, states) = (["--quiet", "--release", "--locked"], states.to_string());
    let run = cmd!(project.shell, "cargo run {how...} --manifest-path {manifest} --target-dir {target} -- {states}");
    let (result, took) = timed(|| run.env("RUSTFLAGS", "--cap-lints allow").quiet().run());
    result.context("a promise of the core is broken, or a fault was not found")?;
    println!("in {:.1} s", took.as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// The clients' answers in each plan.
fn transcripts(project: &Project, program: &Path, plans: &[PathBuf]) -> Result<BTreeMap<String, Vec<String>>> {
    let output = cmd!(project.shell, "timeout 120 {program} play {plans...}").quiet().ignore_status().output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        match line.strip_prefix("  ") {
            Some(line) => found.entry(name.clone()).or_default().push(line.to_owned()),
            None => name = Path::new(line).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
    Ok(found)
}

/// Builds each mutant, runs the scenarios and random lives on it, and prints the table.
fn mutants(project: &Project, lives: &Lives<'_>, ids: &[String], quick: bool) -> Result<ExitCode> {
    let all = Mutant::all(project)?;
    if let Some(unknown) = ids.iter().find(|id| all.iter().all(|mutant| mutant.id != **id)) {
        bail!("there is no mutant `{unknown}`: see simulate/mutants");
    }
    let plans = plans(project, lives)?;
    let speed = if quick { Speed::BuiltAtOnce } else { Speed::QuicklyBuilt };
    let program = lives.build(None, speed)?;
    let sound = transcripts(project, &program, &plans)?;
    ensure!(sound.len() == plans.len() + 1, "the sound cluster does not live through every scenario");
    let mut survivors = 0;
    let chosen = all.iter().filter(|mutant| ids.is_empty() || ids.contains(&mutant.id));
    println!("{:<40} {:<24} found", "mutant", "killed by");
    for mutant in chosen {
        let program = lives.build(Some(mutant), speed).with_context(|| mutant.id.clone())?;
        let heard = transcripts(project, &program, &plans)?;
        let kills: Vec<&String> =
            sound.iter().filter(|(name, lines)| heard.get(*name) != Some(lines)).map(|(name, _)| name).collect();
        let is_killed = kills.iter().any(|name| **name == mutant.scenario);
        let seeds = SEEDS_OF_MUTANTS.to_string();
        let found = if let Some(why) = &mutant.apart {
            why.clone()
        } else if quick {
            "-".to_owned()
        } else {
            let output =
                cmd!(project.shell, "timeout 300 {program} found 0 {seeds}").quiet().ignore_status().output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            // A mutant that panics or never ends counts as found.
            text.lines().next().map_or("it ends badly".to_owned(), |line| format!("seed {line}"))
        };
        let is_found = found != "seed none";
        survivors += u32::from(!is_killed || !is_found);
        let by = if is_killed { mutant.scenario.trim_start_matches("lab_cluster_") } else { "NOT KILLED" };
        println!("{:<40} {by:<24} {found}", mutant.id);
        println!("    {}", mutant.sentence);
    }
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The scenarios as plans, which the small crate can read.
fn plans(project: &Project, lives: &Lives<'_>) -> Result<Vec<PathBuf>> {
    let (from, to) = (project.root.join("tests/scenarios"), lives.folder.join("plans"));
    fs::create_dir_all(&to)?;
    let mut files: Vec<PathBuf> = fs::read_dir(&from)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lab_cluster_")))
        .collect();
    files.sort();
    let sources = &files;
    cmd!(project.shell, "cargo run --quiet --package cachedojo-simulate --bin plan -- {to} {sources...}")
        .quiet()
        .run()?;
    Ok(files.iter().filter_map(|file| Some(to.join(file.file_name()?))).collect())
}
