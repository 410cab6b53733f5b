//! A class, made up: the golden submissions and the known bugs in many hands. Names inside are changed, items change
//! places, bodies are left out; some copy from each other, some hand in what does not compile, or nothing; and all of it
//! lies there as Moodle, Canvas, Gradescope and GitHub Classroom export it. The same seed makes the same class.

#![allow(dead_code, reason = "each program that includes this uses its own part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo::random::Random;
use cachedojo_judge::pack::CodeLanguage;
use grader::pack::Pack;
use grader::run::mutants;
use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;
use zip::write::SimpleFileOptions;

/// A submission's files.
type Files = BTreeMap<String, String>;

/// What becomes of a solution in a learner's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Their own words: other names, another order.
    Own,
    /// An earlier learner's, with other names in another order.
    Disguised,
    /// An earlier learner's.
    Copied,
    HalfWritten,
    DoesNotCompile,
    CutOff,
    Forbidden,
    NotUtf8,
    Empty,
    NoSource,
    BrokenArchive,
    /// An earlier try lies beside it.
    HandedInTwice,
}

/// What a class is made of, over and over: mostly their own work.
const KINDS: [Kind; 25] = {
    use Kind::{
        BrokenArchive, Copied, CutOff, Disguised, DoesNotCompile, Empty, Forbidden, HalfWritten, HandedInTwice,
        NoSource, NotUtf8, Own,
    };
    [
        Own,
        DoesNotCompile,
        Own,
        Disguised,
        Own,
        Own,
        HalfWritten,
        Own,
        Empty,
        Own,
        Copied,
        Own,
        NotUtf8,
        Own,
        Own,
        CutOff,
        Own,
        HandedInTwice,
        Own,
        Forbidden,
        HalfWritten,
        Own,
        BrokenArchive,
        Own,
        NoSource,
    ]
};

/// How a platform exports one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    Moodle,
    Canvas,
    Gradescope,
    GithubClassroom,
    MoodleZip,
}

const PLATFORMS: [Platform; 5] =
    [Platform::Moodle, Platform::Canvas, Platform::Gradescope, Platform::GithubClassroom, Platform::MoodleZip];

const FIRST: &[&str] = &[
    "Ada",
    "Grace",
    "Edsger",
    "Barbara",
    "Ken",
    "Noé",
    "Zoë",
    "Søren",
    "Ümit",
    "José",
    "Chloé",
    "Łukasz",
    "María",
    "Aña",
    "Jean-Luc",
    "Seán",
    "明",
    "Наталья",
    "O'Hara",
];
const LAST: &[&str] = &[
    "Lovelace",
    "Hopper",
    "Dijkstra",
    "Liskov",
    "Thompson",
    "Dupont",
    "Müller",
    "d'Arc",
    "van den Berg",
    "Ñúñez",
    "李",
];

/// Names that are up to something: the first letters of a learner's name are these.
const HOSTILE: &[&[u8]] = &[
    b"=HYPERLINK(\"http:example.org\",\"grade\")",
    b"<img src=x onerror=alert(1)>",
    b"new\nline",
    b"\x1b[2J\x1b[31mred",
    b"\xff\xfe no text",
    b"a;=1+1",
    "\u{202e}desrever".as_bytes(),
    b"{{ template }} ${x}",
    b"--out",
    b"very long name very long name very long name very long name very long name very long name very long name",
];

/// Writes a class of `count` learners into the folder `out`. `golden` is the folder of the golden submissions.
///
/// # Errors
/// Something cannot be read or written.
pub(crate) fn write(count: usize, seed: u64, pack: &Pack, golden: &Path, out: &Path) -> Result<()> {
    let mut class =
        Class { random: Random::new(seed), bases: bases(pack, golden)?, api: api(pack), written: Vec::new() };
    for number in 0..count {
        let (files, bytes) = class.submission(KINDS[number % KINDS.len()], number);
        let platform = *class.random.pick(&PLATFORMS);
        let name = class.name(number);
        hand_in(out, platform, &name, number, &files, bytes.as_deref())?;
        class.written.push(files);
    }
    fs::write(out.join("grades.csv"), "learner,grade\n")?;
    Ok(())
}

struct Class {
    random: Random,
    bases: Vec<Files>,
    /// Names that the exercise prescribes.
    api: BTreeSet<String>,
    written: Vec<Files>,
}

/// What learners start from: the golden submissions, and the solution with each known bug.
fn bases(pack: &Pack, golden: &Path) -> Result<Vec<Files>> {
    let mut folders: Vec<_> = fs::read_dir(golden)
        .context("the golden submissions")?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    folders.sort();
    let mut bases = Vec::new();
    for folder in folders {
        let mut files = Files::new();
        for file in fs::read_dir(folder.join("src")).into_iter().flatten() {
            let file = file?.path();
            if file.is_file() {
                let name = format!("src/{}", file.file_name().unwrap_or_default().to_string_lossy());
                files.insert(name, fs::read_to_string(&file)?);
            }
        }
        if files.contains_key("src/lib.rs") {
            bases.push(files);
        }
    }
    for mutant in &pack.exercise.mutants {
        bases.push(mutants::files(pack, CodeLanguage::Rust, &mutant.id)?);
    }
    Ok(bases)
}

fn api(pack: &Pack) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for text in pack.folder("starter").values() {
        words.extend(split(text).filter(|(_, is_word)| *is_word).map(|(word, _)| word.to_owned()));
    }
    words
}

impl Class {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound.max(1) as u64)).expect("it is below a usize")
    }

    /// A submission's files; and where its root is no text, the root's bytes.
    fn submission(&mut self, kind: Kind, number: usize) -> (Files, Option<Vec<u8>>) {
        let mut files = self.random.pick(&self.bases).clone();
        if matches!(kind, Kind::Disguised | Kind::Copied) && !self.written.is_empty() {
            files = self.random.pick(&self.written).clone();
        }
        if kind == Kind::Copied {
            return (files, None);
        }
        for text in files.values_mut() {
            *text = self.rewritten(text, number);
        }
        let root = files.entry("src/lib.rs".to_owned()).or_default();
        let mut bytes = None;
        match kind {
            Kind::HalfWritten => *root = self.half_written(root),
            Kind::DoesNotCompile => root.push_str("\npub fn mistaken() -> u32 {\n    \"seven\"\n}\n"),
            Kind::CutOff => {
                let lines: Vec<_> = root.lines().collect();
                let kept = lines.len() / 2 + self.below(lines.len() / 3);
                *root = lines[..kept.min(lines.len())].join("\n");
            }
            Kind::Forbidden => root.push_str("\npub fn first(all: &[u8]) -> u8 {\n    unsafe { *all.as_ptr() }\n}\n"),
            Kind::NotUtf8 => bytes = Some([b"// caf\xe9 \xff\n", root.as_bytes()].concat()),
            Kind::Empty => *root = "\n\n".to_owned(),
            Kind::NoSource => files = Files::from([("answers.docx".to_owned(), "My answers.".to_owned())]),
            _ => {}
        }
        (files, bytes)
    }

    /// The same code as somebody else would have typed it.
    fn rewritten(&mut self, text: &str, number: usize) -> String {
        let Ok(tokens) = text.parse::<TokenStream>() else { return text.to_owned() };
        let mut names = Names::default();
        names.read(tokens);
        let mut renamed = BTreeMap::new();
        for name in names.of_variables.difference(&names.of_members) {
            if !self.api.contains(name) && self.below(3) > 0 {
                let suffix = self.random.pick(&["_value", "_now", "2", "_ref", "_it", "_mine"]);
                renamed.insert(name.clone(), format!("{name}{suffix}"));
            }
        }
        let renamed: String = split(text)
            .map(|(part, is_word)| if is_word { renamed.get(part).map_or(part, String::as_str) } else { part })
            .collect();
        let ordered = if self.below(2) == 0 { self.reordered(&renamed) } else { renamed };
        format!("// Learner {number}'s own work.\n{ordered}").replacen(
            "// Learner",
            "//! Learner",
            usize::from(ordered.starts_with("//!")),
        )
    }

    /// Items in another order; macros must stand before their use.
    fn reordered(&mut self, text: &str) -> String {
        let Ok(file) = syn::parse_file(text) else { return text.to_owned() };
        if file.items.iter().any(|item| matches!(item, syn::Item::Macro(_))) {
            return text.to_owned();
        }
        let starts: Vec<_> = file.items.iter().map(|item| item.span().byte_range().start).collect();
        let Some(first) = starts.first() else { return text.to_owned() };
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let mut pieces: Vec<_> = starts.iter().zip(ends).map(|(start, end)| text[*start..end].trim_end()).collect();
        for last in (1..pieces.len()).rev() {
            let other = self.below(last + 1);
            pieces.swap(last, other);
        }
        format!("{}{}\n", &text[..*first], pieces.join("\n\n"))
    }

    /// Some bodies are still to be written.
    fn half_written(&mut self, text: &str) -> String {
        let Ok(file) = syn::parse_file(text) else { return text.to_owned() };
        let mut bodies = Bodies::default();
        bodies.visit_file(&file);
        let mut text = text.to_owned();
        for body in bodies.ranges.into_iter().rev() {
            if self.below(3) == 0 {
                text.replace_range(body, "{\n        todo!()\n    }");
            }
        }
        text
    }

    fn name(&mut self, number: usize) -> Vec<u8> {
        if number % 20 == 7 {
            return HOSTILE[number / 20 % HOSTILE.len()].to_owned();
        }
        let (first, last) = (self.random.pick(FIRST), self.random.pick(LAST));
        format!("{first} {last}").into_bytes()
    }
}

fn hand_in(
    out: &Path,
    platform: Platform,
    name: &[u8],
    number: usize,
    files: &Files,
    root: Option<&[u8]>,
) -> Result<()> {
    let kind = KINDS[number % KINDS.len()];
    let named = |after: &str| [name, after.as_bytes()].concat();
    let id = 1000 + number;
    let contents = files.iter().map(|(path, text)| {
        let text = if path == "src/lib.rs" { root.unwrap_or(text.as_bytes()) } else { text.as_bytes() };
        (path.as_str(), text)
    });
    let contents: Vec<_> = contents.collect();
    let place = |folder: &[u8]| out.join(OsStr::from_bytes(folder));
    if kind == Kind::BrokenArchive {
        return put(&place(&named(&format!("_{id}_assignsubmission_file_"))), "work.zip", b"PK\x03\x04 and no more");
    }
    match platform {
        Platform::Canvas if contents.len() == 1 && contents[0].0 == "src/lib.rs" => {
            let late = if number.is_multiple_of(3) { "_LATE" } else { "" };
            let file = |id2: usize| named(&format!("{late}_{id}_{id2}_lib.rs"));
            if kind == Kind::HandedInTwice {
                fs::write(place(&file(1)), "// a first try\n")?;
            }
            Ok(fs::write(place(&file(2)), contents[0].1)?)
        }
        Platform::Moodle | Platform::Canvas => {
            let folder = place(&named(&format!("_{id}_assignsubmission_file_")));
            contents.iter().try_for_each(|(path, text)| put(&folder, path, text))
        }
        Platform::Gradescope => {
            let folder = out.join(format!("submission_{id}"));
            put(&folder, "metadata.yml", b"---\n:submitters: []\n")?;
            contents.iter().try_for_each(|(path, text)| put(&folder, path, text))
        }
        Platform::GithubClassroom => {
            let folder = place(&[b"cache-", name, format!("-{id}").as_bytes()].concat());
            let around: [(&str, &[u8]); 5] = [
                ("README.md", b"# Cache\n"),
                ("Cargo.toml", b"[package]\nname = \"cache\"\n"),
                (".git/HEAD", b"ref: refs/heads/main\n"),
                (".github/workflows/grade.yml", b"on: push\n"),
                ("target/debug/build/x/src/lib.rs", b"fn generated() {}\n"),
            ];
            around.iter().chain(&contents).try_for_each(|(path, text)| put(&folder, path, text))
        }
        Platform::MoodleZip => {
            let folder = place(&named(&format!("_{id}_assignsubmission_file_")));
            fs::create_dir_all(&folder)?;
            let mut zip = zip::ZipWriter::new(fs::File::create(folder.join("my work.zip"))?);
            for (path, text) in &contents {
                zip.start_file(format!("my work/{path}"), SimpleFileOptions::default())?;
                zip.write_all(text)?;
            }
            zip.finish()?;
            Ok(())
        }
    }
}

fn put(folder: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let target = folder.join(path);
    fs::create_dir_all(target.parent().context("a file stands in a folder")?)?;
    Ok(fs::write(target, bytes)?)
}

/// The text in words and what stands between them.
fn split(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let is_word = of_word(rest.chars().next()?);
        let end = rest.find(|c| of_word(c) != is_word).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        Some((part, is_word))
    })
}

/// Names of variables, and names that may be something else.
#[derive(Default)]
struct Names {
    of_variables: BTreeSet<String>,
    of_members: BTreeSet<String>,
}

impl Names {
    fn read(&mut self, tokens: TokenStream) {
        let mut before = [String::new(), String::new()];
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let text = match &token {
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    String::new()
                }
                TokenTree::Ident(ident) => ident.to_string(),
                other => other.to_string(),
            };
            if matches!(token, TokenTree::Ident(_)) {
                let declared = before[1] == "let" || before[0] == "let" && before[1] == "mut";
                let next = tokens.peek().map(ToString::to_string).unwrap_or_default();
                if declared && text.len() > 2 && text != "mut" && text.starts_with(char::is_lowercase) {
                    self.of_variables.insert(text.clone());
                } else if [".", ":"].contains(&before[1].as_str())
                    || next == ":"
                    || next == "!"
                    || next.starts_with('(')
                {
                    self.of_members.insert(text.clone());
                }
            }
            before = [std::mem::take(&mut before[1]), text];
        }
    }
}

/// Where the bodies of methods are.
#[derive(Default)]
struct Bodies {
    ranges: Vec<std::ops::Range<usize>>,
}

impl Visit<'_> for Bodies {
    fn visit_impl_item_fn(&mut self, method: &syn::ImplItemFn) {
        self.ranges.push(method.block.span().byte_range());
    }
}
