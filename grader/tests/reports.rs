//! Every format, for every kind of outcome: it fits its platform's schema, tells no secret, survives hostile text, and
//! never shows a pass that was not earned. `UPDATE=1 cargo test -p grader --test reports` rewrites the golden files.

mod report_samples;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cachedojo_judge::Report;
use cachedojo_judge::report::{GradeVerdict, Handed};
use cachedojo_notation::text::Language;
use clap::ValueEnum;
use grader::report::{Format, Setting, github, link, render, write_whole};
use report_samples::{SECRET, graded, hostile, ungraded};
use serde_json::Value;

const UNGRADED: [GradeVerdict; 3] = [GradeVerdict::BuildFailed, GradeVerdict::Forbidden, GradeVerdict::HarnessError];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

fn name(format: Format) -> String {
    format.to_possible_value().expect("no format is hidden").get_name().to_owned()
}

fn english(report: &Report, format: Format) -> String {
    render(report, format, &Setting::plain(Language::English))
}

/// What a format holds of JSON; nothing for those that are text.
fn data(report: &Report, format: Format) -> Option<Value> {
    let text = english(report, format);
    let json = match format {
        Format::Text | Format::Markdown | Format::Html | Format::Junit => return None,
        Format::Autolab => text.lines().last().expect("a last line").to_owned(),
        Format::Github => {
            let output = github::step_output(report, &Setting::plain(Language::English));
            let packed = output.strip_prefix("result=").expect("the output's name").trim_end();
            String::from_utf8(STANDARD.decode(packed).expect("base64")).expect("UTF-8")
        }
        Format::Json
        | Format::Gradescope
        | Format::Classroom50
        | Format::Prairielearn
        | Format::Exercism
        | Format::Check50
        | Format::Sarif
        | Format::MutationElements => text,
    };
    Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("{}: {error}", name(format))))
}

fn every_sample() -> Vec<Report> {
    let mut samples = vec![graded(), hostile()];
    samples.extend(UNGRADED.map(ungraded));
    samples
}

#[test]
fn the_formats_are_those_of_the_contract() {
    let names: Vec<_> = Format::all().iter().map(|format| name(*format)).collect();
    let contract = "text json markdown html junit gradescope classroom50 github prairielearn exercism check50 autolab \
                    sarif mutation-elements";
    assert_eq!(names, contract.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_data_format_fits_its_platforms_schema() {
    let mut validated = 0;
    for &format in Format::all() {
        for report in every_sample() {
            let Some(data) = data(&report, format) else { continue };
            let schema = folder().join("schemas").join(name(format) + ".json");
            let schema: Value = serde_json::from_str(&fs::read_to_string(schema).expect("a schema")).expect("JSON");
            let validator = jsonschema::validator_for(&schema).expect("a sound schema");
            let mistakes: Vec<_> =
                validator.iter_errors(&data).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(mistakes.is_empty(), "{} of {:?}: {mistakes:#?}", name(format), report.verdict);
            validated += 1;
        }
    }
    // Beside those that are JSON as a whole, two hold some.
    let with_data = 2 + Format::all().iter().filter(|format| format.is_json()).count();
    assert_eq!(validated, with_data * every_sample().len());
}

#[test]
fn the_golden_files_are_what_is_rendered_now() {
    let mut wrong = Vec::new();
    let mut compare = |file: String, text: String| {
        let path = folder().join("golden").join(&file);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).expect("a writable file");
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(file);
        }
    };
    for &format in Format::all() {
        compare(format!("graded.{}", name(format)), english(&graded(), format));
        compare(format!("build_failed.{}", name(format)), english(&ungraded(GradeVerdict::BuildFailed), format));
    }
    for format in [Format::Text, Format::Markdown] {
        compare(format!("graded.fr.{}", name(format)), render(&graded(), format, &Setting::plain(Language::French)));
    }
    assert!(wrong.is_empty(), "these differ (UPDATE=1 rewrites them): {wrong:?}");
}

#[test]
fn a_hidden_check_shows_title_verdict_and_hint_only() {
    for &format in Format::all() {
        for language in [Language::English, Language::French] {
            let text = render(&graded(), format, &Setting::plain(language));
            assert!(!text.contains(SECRET), "{} tells what is hidden", name(format));
        }
    }
    let data = data(&graded(), Format::Github).expect("JSON");
    assert!(!data.to_string().contains(SECRET));
    let text = english(&graded(), Format::Text);
    assert!(text.contains("Look at the replicas."), "the hint of a hidden check is shown");
}

#[test]
fn a_scene_that_is_told_in_words_has_its_lines_beside_it() {
    let mut report = graded();
    let lines =
        ["cluster nodes=3 rf=3", "cluster nodes=5 rf=1"].map(|cluster| format!("{cluster}\nwrite k v via=n1\ncheck"));
    let told = "0.000 s  nodes start\n0.010 s  n1: write k v => done";
    let check = &mut report.checks[1];
    (check.script, check.transcript) = (lines[0].clone(), told.to_owned());
    (check.also_fails[0].script, check.also_fails[0].transcript) = (lines[1].clone(), told.to_owned());
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let text = english(&report, format);
        let shown = |script: &String| script.lines().all(|line| text.contains(line));
        assert!(lines.iter().all(shown), "{}: {text}", name(format));
        assert_eq!(text.matches("which `grader run` replays").count(), 2, "{}", name(format));
    }
}

#[test]
fn what_was_not_graded_never_shows_a_pass_or_a_point() {
    let handed = [Handed::Something, Handed::Nothing, Handed::Unread];
    for (verdict, handed) in UNGRADED.into_iter().flat_map(|verdict| handed.map(|handed| (verdict, handed))) {
        let (mut report, is_read) = (ungraded(verdict), handed.is_something());
        report.handed = handed;
        // Whether there is a digest, or a file is named, says nothing.
        if verdict == GradeVerdict::BuildFailed {
            report.submission.sha256.clear();
        }
        // Even a report that contradicts itself must not.
        report.checks = graded().checks;
        report.score = report.max_score;
        report.passed = true;
        let json = |format| data(&report, format).expect("JSON");
        let no_test_passed = |tests: &Value, key: &str, pass: Value| {
            tests.as_array().expect("tests").iter().all(|test| test[key] != pass)
        };
        assert_eq!(json(Format::Json)["passed"], false);
        let gradescope = json(Format::Gradescope);
        // After a failure of the grader, or where there is nothing to grade, a score would be 0 points for what nobody graded.
        let is_marked = is_read && verdict != GradeVerdict::HarnessError;
        assert_eq!(gradescope.get("score"), is_marked.then(|| 0.into()).as_ref());
        let tests = gradescope.get("tests");
        assert!(tests.is_none_or(|tests| is_marked && no_test_passed(tests, "status", "passed".into())));
        let said = gradescope["output"].as_str().expect("a text");
        let reason =
            report.diagnostics.iter().all(|found| said.contains(found.message.lines().next().unwrap_or_default()));
        assert!(is_marked || reason, "{said}");
        let classroom = json(Format::Classroom50);
        assert_eq!(classroom["score"], 0);
        assert_eq!(classroom["max-score"] == 0, !is_marked);
        assert!(no_test_passed(&classroom["tests"], "passed", true.into()));
        let classic = json(Format::Github);
        assert_eq!(classic["status"], "error");
        assert!(no_test_passed(&classic["tests"], "status", "pass".into()));
        let prairie = json(Format::Prairielearn);
        assert_eq!((&prairie["gradable"], &prairie["score"]), (&false.into(), &Value::Null));
        assert_eq!(json(Format::Exercism)["status"], "error");
        let check50 = json(Format::Check50);
        assert!(check50.get("results").is_none_or(|results| no_test_passed(results, "passed", true.into())));
        let autolab = json(Format::Autolab);
        assert!(autolab["scores"].as_object().expect("scores").values().all(|score| *score == 0));
        assert_eq!(autolab["scores"].as_object().expect("scores").is_empty(), !is_marked);
        assert_eq!(english(&report, Format::Github).contains("Points 0/"), is_marked);
        let sarif = json(Format::Sarif);
        assert!(!sarif["runs"][0]["results"].as_array().expect("results").is_empty());
        let killed = json(Format::MutationElements).to_string().contains("Killed");
        assert!(!killed);
        let junit = english(&report, Format::Junit);
        assert!(junit.contains("<error") || junit.contains("<failure"), "{junit}");
        assert!(junit.contains(r#"tests="1""#) && junit.contains(r#"name="score" value="0""#));
        for format in [Format::Text, Format::Markdown, Format::Html] {
            let text = english(&report, format);
            assert!(!text.contains("· passed"), "{}:\n{text}", name(format));
            assert!(!text.contains("100/100"), "{}:\n{text}", name(format));
        }
    }
}

#[test]
fn hostile_text_gives_no_command_and_no_markup() {
    let report = hostile();
    for &format in Format::all() {
        let text = english(&report, format);
        let steering = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{ffff}' | '\u{feff}');
        assert!(!text.contains(steering), "{} holds a steering character", name(format));
        assert!(text.len() < 1_000_000, "{} has {} bytes", name(format), text.len());
    }
    let html = english(&report, Format::Html);
    for tag in ["<script", "<img", "</pre><b>", "onerror=\""] {
        assert!(!html.contains(tag), "{tag}");
    }
    let markdown = english(&report, Format::Markdown);
    let mut fence = None;
    for line in markdown.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(open) if ticks == open => fence = None,
            None => assert!(!line.contains("<img") && !line.starts_with("# "), "{line}"),
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "every block of code ends");
    for format in [Format::Text, Format::Markdown, Format::Github, Format::Autolab] {
        let commands =
            english(&report, format).lines().filter(|line| line.trim_start().starts_with("::error::")).count();
        assert_eq!(commands, 0, "{} gives GitHub Actions a command", name(format));
    }
    for line in english(&report, Format::Github).lines() {
        assert!(!line.starts_with("::error::") && !line.starts_with("::set-env"), "{line}");
        let properties = line.split("::").nth(1).unwrap_or_default();
        assert!(!properties.contains("forged=true,"), "a property was injected: {line}");
    }
    let autolab = english(&report, Format::Autolab);
    let last = autolab.lines().last().expect("a last line");
    assert_eq!(last, r#"{"scores":{"distributed-cache":3},"scoreboard":[3]}"#);
    let text = english(&report, Format::Text);
    let forged = |line: &str| line.starts_with("Score: 100/100") || line.starts_with("  ✓ forged");
    assert!(!text.lines().any(forged), "a line of the submission's stands where the report's own do:\n{text}");
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    for report in every_sample() {
        let text = english(&report, Format::Junit);
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        let (mut cases, mut failures, mut errors, mut skipped, mut depth) = (0, 0, 0, 0, 0_i32);
        loop {
            use quick_xml::events::Event;
            match reader.read_event().expect("well-formed XML") {
                Event::Start(start) => {
                    depth += 1;
                    match start.name().as_ref() {
                        "testcase" => cases += 1,
                        "failure" => failures += 1,
                        "error" => errors += 1,
                        _ => {}
                    }
                }
                Event::Empty(empty) if empty.name().as_ref() == "skipped" => skipped += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        let counts =
            format!(r#"tests="{cases}" failures="{failures}" errors="{errors}" disabled="0" skipped="{skipped}""#);
        assert!(text.contains(&counts), "{counts} in\n{text}");
        assert!(cases > 0 && (report.passed || failures + errors > 0));
    }
}

#[test]
fn a_failing_checks_link_opens_its_script() {
    let report: Report = serde_json::from_str(&english(&graded(), Format::Json)).expect("a report");
    let mut links = 0;
    for (check, original) in report.checks.iter().zip(graded().checks) {
        if check.link.is_empty() {
            continue;
        }
        let fragment = &check.link[check.link.find('#').expect("a fragment")..];
        let linked = link::decode(fragment).expect("a link");
        assert_eq!((linked.script, linked.exercise.as_deref()), (original.script, Some("distributed-cache")));
        for format in [Format::Text, Format::Markdown, Format::Html] {
            assert!(english(&graded(), format).contains(&check.link), "{}", name(format));
        }
        links += 1;
    }
    assert!(links >= 2, "the failing checks have links");
}

#[test]
fn a_report_that_is_thrown_away_leaves_the_bin_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    std::os::unix::fs::symlink("/dev/null", &bin).expect("a link");
    write_whole(&bin, b"a report").expect("it takes everything");
    assert!(fs::symlink_metadata(&bin).expect("still there").is_symlink());
}
