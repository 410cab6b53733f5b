//! The command line as its users see it: arguments and standard input in, standard output and exit code out.

#[path = "commands/doctor.rs"]
mod doctor;
#[path = "commands/manual.rs"]
mod manual;
mod report_samples;
#[path = "commands/run.rs"]
mod run;
#[path = "commands/serve.rs"]
mod serve;
#[path = "commands/setups.rs"]
mod setups;
#[path = "commands/trust.rs"]
mod trust;
#[path = "commands/watch.rs"]
mod watch;

use std::io::Write;
use std::process::{Command, Stdio};

#[track_caller]
fn grader(arguments: &[&str], input: &str) -> (String, String, i32) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the grader starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("an exit code"))
}

#[track_caller]
fn check(arguments: &[&str], input: &str, output: &str, code: i32) {
    let (stdout, stderr, found) = grader(arguments, input);
    assert_eq!((stdout.as_str(), found), (output, code), "{arguments:?} said: {stderr}");
}

#[test]
fn the_protocols_print_exactly_their_answers() {
    let seed_000 = "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT\n";
    check(&["run", "-", "--dialect", "line"], seed_000, "STORED\nSTORED\nAlice\nDELETED\nNOT_FOUND\nBYE\n", 0);
    check(
        &["run", "-", "--dialect", "line"],
        "PUT a b c\r\n\nGET a\nexit\nEXIT now\nEXIT\nGET a",
        "STORED\nERROR\nb c\nERROR\nERROR\nBYE\n",
        0,
    );
    check(
        &["run", "-", "--dialect", "memcached"],
        "set a 0 0 5\nhello\nget a\n",
        "STORED\r\nVALUE a 0 5\r\nhello\r\nEND\r\n",
        0,
    );
    check(&["run", "-", "--dialect", "line"], "", "", 0);
}

#[test]
fn a_lab_script_tells_broken_expectations_and_mistakes_by_its_exit_code() {
    let script = "node new 1KiB\nnode set a 1\nnode incr a 4\n";
    check(&["run", "-"], &format!("{script}expect 5\n"), "node ready\nstored\n5\nok: 5\n", 0);
    check(&["run", "-"], &format!("{script}expect 6\n"), "node ready\nstored\n5\nBROKEN: expected 6, got 5\n", 1);
    let (stdout, stderr, code) = grader(&["run", "-"], "node new 1KiB\nnode gte a\nnode get a\n");
    assert_eq!((stdout.as_str(), code), ("node ready\nnothing\n", 2), "the rest goes on");
    assert_eq!(stderr, "line 2: `node gte` is no command; did you mean `node get`?\n");
}

#[test]
fn a_script_of_another_dialect_is_told_which_one_to_choose() {
    let script = "PUT a 1\nGET a\nEXIT\n";
    let (_, stderr, code) = grader(&["run", "-"], script);
    assert_eq!(
        (stderr.lines().last(), code),
        (Some("This looks like a script in the dialect `line`: add `--dialect line`."), 2)
    );
    let (stdout, stderr, code) = grader(&["run", "-", "--dialect", "memcached"], script);
    assert_eq!(
        (stdout.as_str(), stderr.as_str(), code),
        ("ERROR\r\nERROR\r\nERROR\r\n", "", 0),
        "a chosen dialect is kept"
    );
}

#[test]
fn wrong_usage_is_told_and_ends_in_2() {
    for arguments in [
        &["run", "no/such/file"][..],
        &["run", "-", "--dialect", "morse"],
        &["run", "-", "--subject", "mutant:no_such_bug"],
        &["grade", "no/such/folder"],
        &["grade", ".", "--out", "src"],
        &["grade", ".", "--out", "no/such/folder/report"],
        &["grade", ".", "--exercise", "src"],
        &["class", "no/such/folder"],
        &["class", "Cargo.toml", "--out", "Cargo.toml"],
        &["class", "src", "--import", "no/such/file"],
        &["watch", "no/such/folder"],
        &["show", "no-such-exercise"],
        &["trace", "no/such/file", "--format", "keys", "--size", "2"],
        &["trace", "src/main.rs", "--format", "keys", "--size", "0"],
        &["frobnicate"],
    ] {
        let (stdout, stderr, code) = grader(arguments, "");
        assert_eq!((stdout.as_str(), code), ("", 2), "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
    assert!(!std::path::Path::new("class-results").exists(), "a command that is refused leaves nothing behind");
    let (help, _, code) = grader(&["--help"], "");
    assert!(code == 0 && help.contains("Exit codes:"), "{help}");
}

#[test]
fn each_wrong_use_names_its_remedy() {
    let one = "../exercises/line-cache/solution/python";
    for (arguments, remedy) in [
        (&["grade", "line-cache"][..], "`grader init line-cache DIR` begins it"),
        (&["watch", "expose-ttl"], "`grader grade DIR --exercise expose-ttl` grades it"),
        (
            &["grade", "no-such", "--exercise", "line-cache"],
            "give a folder with src/lib.rs or main.py, or one source file",
        ),
        (&["grade", ".", "--exercise", "line-cach"], "did you mean `line-cache`?"),
        (&["show", "expose-tll"], "did you mean `expose-ttl`?"),
        (
            &["show", "no-such-thing-at-all"],
            "a lesson (`grader exercises` lists them), or a folder with an exercise.toml",
        ),
        (&["grade", ".", "--exercise", "src"], "the folder `src` holds no exercise.toml"),
        (&["run", "-", "--exercise", "no-such-thing-at-all"], "there is no exercise"),
        (&["run", "no-such"], "name a script's file, or `-` for standard input"),
        (&["run", "-", "--subject", "mutant:miss_counted_as_hits"], "did you mean `miss_counted_as_hit`?"),
        (&["run", "-", "--subject", "a.txt", "--exercise", "first-words"], "in `first-words` a script is handed in"),
        (&["run", "-", "--subject", "a", "--exercise", "integration-tests"], "tests are handed in, which run others"),
        (&["run", "-", "--subject", "mutant:tabs_separate"], "`line-cache` has one: add --exercise line-cache"),
        (&["run", "-", "--subject", "mutant:x"], "no mutant `x` in `distributed-cache`: name one of"),
        (&["run", "-", "--dialect", "line", "--subject", "mutant:x"], "no mutant `x` in `line-cache`: name one of"),
        (
            &["run", "-", "--dialect", "line", "--exercise", "distributed-cache", "--subject", "mutant:x"],
            "not asked in the dialect `line`: name one whose are, as `--exercise line-cache`",
        ),
        (
            &["run", "-", "--dialect", "memcached", "--subject", "mutant:x"],
            "not asked in the dialect `memcached`: leave",
        ),
        (&["build", ".", "--out", "src"], "name a file for the module, such as src/cache.wasm"),
        (&["grade", ".", "--seed", "many"], "write a whole number from 0 on"),
        (&["grade", ".", "--seed", "-1"], "write a whole number from 0 on"),
        (&["class", "src", "--jobs", "0"], "write how many, from 1 on"),
        (&["worker", "--queue", "redis://nowhere", "--jobs", "none"], "write how many, from 1 on"),
        (&["init", "line-cache", "x", "--code", "perl"], "choose one of rust, python, script, http"),
        (&["init", "cache-service", "x", "--code", "python"], "one starter, for whatever language: leave out `--code`"),
        (&["init", "five-bugs", "x", "--code", "python"], "`five-bugs` takes rust alone: leave out `--code`"),
        (&["init", "line-cache", "x", "--code", "script"], "takes no script: choose rust or python"),
        (&["init", "line-cache", "Cargo.toml"], "`Cargo.toml` is a file: name a new folder"),
        (&["init", "line-cache", "Cargo.toml/x"], "name another folder"),
        (&["class", "Cargo.toml", "--out", "../target/no-class"], "it is one file, and no archive: name a folder"),
        (&["class", one, "--exercise", "line-cache", "--out", "../target/no-class"], "is one submission, not a class"),
        (&["grade", ".", "--exercise", "cache-service", "--start", "./x"], "if you trust it, add --trust"),
        (&["grade", ".", "--out", "/proc/report.txt"], "nothing can be written into `/proc`"),
        (&["run", "-", "--schedule", "1@7>0"], "the reference has no threads"),
        (&["run", "-", "--subject", "mutant:x", "--exercise", "first-words"], "in `first-words`: it has none"),
    ] {
        let (stdout, stderr, code) = grader(arguments, "");
        assert_eq!((stdout.as_str(), code), ("", 2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(remedy), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_nothing_can_be_graded_of_has_no_place_and_no_compiler() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("report.pdf"), "%PDF").expect("there is room");
    let shown = home.path().to_str().expect("a name");
    for (language, said, last) in [
        (
            "en",
            format!("  `{shown}` holds no script source (it has report.pdf); hand in `script.txt`\n"),
            "Nothing could be graded: mend what is listed, then grade again.",
        ),
        (
            "fr",
            format!("  `{shown}` ne contient pas de script (il y a report.pdf) ; rendez `script.txt`\n"),
            "Rien n'a pu être noté : corrigez ce qui est listé, puis relancez la notation.",
        ),
    ] {
        let output = format!("expose-ttl · {shown}\n{said}\n{last}\n");
        check(&["grade", shown, "--exercise", "expose-ttl", "--lang", language], "", &output, 3);
    }
    let (said, _, code) = grader(&["grade", "--exercise", "cache-service", "--url", "http://127.0.0.1:1"], "");
    assert!(code == 3 && said.contains("\n  GET http://127.0.0.1:1/health: nobody answers"), "{said}");
}

#[test]
fn a_trace_is_replayed_as_a_table_and_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.txt");
    std::fs::write(&file, "1\n2\n3\n1\n2\n4\n1\n").expect("a file");
    let file = file.to_str().expect("a name");
    let row = "{\"policy\":\"lru\",\"size_bytes\":3,\"misses\":4,\"miss_ratio\":0.5714285714285714,\"bytes_missed\":4,\"byte_miss_ratio\":0.5714285714285714}";
    let json = format!(
        "{{\"requests\":7,\"objects\":4,\"bytes_requested\":7,\"working_set_bytes\":4,\"empty_rows\":0,\"other_ops\":0,\"results\":[{row}]}}\n"
    );
    let json = json.as_str();
    check(&["trace", file, "--format", "keys", "--policy", "lru", "--size", "3", "--json"], "", json, 0);
    let csv = folder.path().join("trace.csv");
    std::fs::write(&csv, "size\tid\n10\tx\n20\ty z\n10\tx\n").expect("a file");
    let csv = csv.to_str().expect("a name");
    let row = "{\"policy\":\"s3fifo\",\"size_bytes\":1024,\"misses\":2,\"miss_ratio\":0.6666666666666666,\"bytes_missed\":30,\"byte_miss_ratio\":0.75}";
    let json = format!(
        "{{\"requests\":3,\"objects\":2,\"bytes_requested\":40,\"working_set_bytes\":30,\"empty_rows\":0,\"other_ops\":0,\"results\":[{row}]}}\n"
    );
    let tabs =
        ["trace", csv, "--format", "csv", "--delimiter", "tab", "--policy", "S3-FIFO", "--size", "1KiB", "--json"];
    check(&tabs, "", &json, 0);
    std::fs::write(csv, "size\tid\n5368709120\tfilm\n1\tx\n5368709120\tfilm\n").expect("a file");
    let (stdout, _, code) = grader(&[&tabs[..6], &["--size", "10GiB", "--json"]].concat(), "");
    assert!(code == 0 && stdout.contains("\"misses\":2,"), "{stdout}");
    assert!(stdout.contains("\"bytes_missed\":5368709121,"), "{stdout}");
    std::fs::write(csv, "size\tid\n1\tx\n-1\ty\n").expect("a file");
    let (_, stderr, code) = grader(&tabs, "");
    assert!(code == 2 && stderr.contains("line 3: `-1` is not a whole number"), "{stderr}");
    std::fs::write(csv, "size\tid\n").expect("a file");
    let (stdout, stderr, code) = grader(&tabs, "");
    assert!(stdout.starts_with("{\"requests\":0,") && stdout.contains("\"miss_ratio\":0.0,"), "{stdout}");
    assert!(code == 0 && stderr.contains("holds no request"), "{stderr}");
    let (_, stderr, code) = grader(&["trace", file, "--format", "keys", "--size", "-1"], "");
    assert!(code == 2 && stderr.contains("`-1` is not a cache's size"), "{stderr}");
    let (table, stderr, _) =
        grader(&["trace", file, "--format", "keys", "--policy", "lru, fifo", "--size", "2, 30"], "");
    assert!(table.lines().count() == 6 && stderr.is_empty(), "{table}{stderr}");
    // Where S3-FIFO keeps nothing that is not its fault, so it is said.
    for (size, is_noted) in [("9", false), ("10", true), ("20", false)] {
        let (_, stderr, _) = grader(&["trace", file, "--format", "keys", "--policy", "s3fifo", "--size", size], "");
        assert_eq!(
            stderr.contains("s3fifo keeps no object of a tenth of the cache or more"),
            is_noted,
            "{size}: {stderr}"
        );
    }
}

#[test]
fn a_trace_of_disks_is_replayed_as_it_is_published() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("web_0.csv.gz");
    let rows = "128166372003061629,web,0,Read,7014609920,24576,41286\n\
                128166372016382155,web,0,Write,7014609920,4096,1000\n\
                128166372026382245,web,1,Read,7014609920,512,1000\n\
                128166372036382245,web,1,Read,0,0,1000\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(rows.as_bytes()).expect("in memory");
    std::fs::write(&file, packed.finish().expect("in memory")).expect("a file");
    let file = file.to_str().expect("a name");
    // 24576 bytes that begin within a block touch seven, two of these are asked for again, and then the block at the same
    // place of another disk.
    let (table, stderr, code) =
        grader(&["trace", file, "--format", "msr", "--policy", "lru,belady", "--size", "12KiB,100%"], "");
    let expected = "10 requests for 40960 bytes, 8 objects of 32768 bytes; 1 rows of size 0 left out\n\
        policy      size (bytes)       misses miss ratio       bytes missed byte miss ratio\n\
        lru                12288           10   1.000000              40960        1.000000\n\
        lru                32768            8   0.800000              32768        0.800000\n\
        belady             12288            8   0.800000              32768        0.800000\n\
        belady             32768            8   0.800000              32768        0.800000\n";
    assert_eq!((table.as_str(), stderr.as_str(), code), (expected, "", 0));
    let (table, ..) = grader(&["trace", file, "--format", "msr", "--op", "write", "--size", "50%"], "");
    assert!(
        table.starts_with("2 requests for 8192 bytes, 2 objects of 8192 bytes; 3 rows of other operations"),
        "{table}"
    );
    let (table, ..) =
        grader(&["trace", file, "--format", "msr", "--block", "1MiB", "--zero-size", "one", "--size", "1"], "");
    assert!(table.starts_with("4 requests for 4194304 bytes, 3 objects of 3145728 bytes\n"), "{table}");
    let (table, ..) = grader(&["trace", file, "--format", "msr", "--policy", "all", "--size", "50%"], "");
    assert_eq!(table.lines().count(), 2 + 12, "{table}");
    for (arguments, says) in [
        (["--format", "msr", "--size", "1", "--block", "0"], "`0` is not a block's size"),
        (["--format", "csv", "--size", "1", "--op", "read"], "give --op-column"),
        (["--format", "msr", "--size", "200%", "--op", "read"], "`200%` is not a cache's size"),
        (["--format", "msr", "--size", "1", "--policy", "opt"], "there is no policy `opt`: use lru, lfu"),
        (["--format", "disk", "--size", "1", "--policy", "lru"], "use oracle-general, csv, msr, arc, lirs or keys"),
    ] {
        let (_, stderr, code) = grader(&[&["trace", file], &arguments[..]].concat(), "");
        assert!(code == 2 && stderr.contains(says), "{arguments:?}: {stderr}");
    }
    std::fs::write(file, [0x1F, 0x8B, 8, 0, 0, 0]).expect("a file");
    let (_, stderr, code) = grader(&["trace", file, "--format", "msr", "--size", "1"], "");
    assert!(code == 2 && stderr.contains("the gzip file is damaged"), "{stderr}");
}

#[test]
fn a_scenario_file_is_run_in_its_own_language_under_its_own_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.txt");
    std::fs::write(&file, "# title: a // b\n# dialect: line\n# seed: 7\nEXIT\n----\nBYE\n").expect("a file");
    let file = file.to_str().expect("a name");
    let start = |seed: &str| format!("{{\"schema\":\"cachedojo/run/v1\",\"dialect\":\"line\",\"seed\":{seed},");
    for (arguments, seed) in
        [(&["run", file, "--format", "json"][..], "7"), (&["run", file, "--format", "json", "--seed", "8"], "8")]
    {
        let (stdout, stderr, code) = grader(arguments, "");
        assert!(code == 0 && stdout.starts_with(&start(seed)), "{stdout} {stderr}");
        assert!(stdout.contains("\"step\":0,\"line\":4,"), "{stdout}");
    }
    std::fs::write(file, "# title: a // b\n# dialect: lab\n\nnode new 9\nnodd\n----\n").expect("a file");
    let (_, stderr, code) = grader(&["run", file], "");
    assert!(code == 2 && stderr.starts_with("line 5: `nodd`"), "{stderr}");
    let (stdout, ..) = grader(&["run", file, "--format", "json"], "");
    assert!(stdout.contains("\"diagnostics\":[{\"line\":5,\"from\":43,\"to\":47,"), "{stdout}");
}

#[test]
fn a_script_that_is_too_long_is_not_run_in_part() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len((64 << 20) + 1).expect("a hole takes no room");
    let (stdout, stderr, code) = grader(&["run", file.path().to_str().expect("a name")], "");
    assert!(stdout.is_empty() && code == 2 && stderr.contains("larger than 64 MiB: split it"), "{stderr}");
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let sizes: Vec<_> = (1..2_000).map(|size| size.to_string()).collect();
    let sizes = sizes.join(",");
    let script = "node get k\n".repeat(10_000);
    for (arguments, input) in [
        (&["trace", "src/main.rs", "--format", "keys", "--size", &sizes, "--json"][..], ""),
        (&["trace", "src/main.rs", "--format", "keys", "--size", &sizes], ""),
        (&["run", "-", "--format", "json"], &script),
        (&["run", "-"], &script),
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut child = Command::new(env!("CARGO_BIN_EXE_grader"));
        let mut child = child
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn one_may_begin_in_a_fresh_repository_and_the_documents_tests_pass_on_a_solution() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("my cache");
    std::fs::create_dir_all(mine.join(".git")).expect("there is room");
    std::fs::write(mine.join("README.md"), "# Mine\n").expect("there is room");
    let target = mine.to_str().expect("a name");
    let (stdout, _, code) = grader(&["init", "distributed-cache", target], "");
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains(&format!("grader grade '{target}'\n")), "{stdout}");
    assert_eq!(std::fs::read_to_string(mine.join("README.md")).expect("it is there"), "# Mine\n");
    let pack = grader::pack::Pack::load("distributed-cache").expect("a sound pack");
    std::fs::write(mine.join("src/lib.rs"), &pack.files["solution/src/lib.rs"]).expect("there is room");
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--offline", "--quiet", "--test", "document"]).current_dir(&mine);
    let tested = cargo.env("CARGO_TARGET_DIR", folder.path().join("target")).output().expect("cargo");
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(tested.status.success() && said.contains("7 passed"), "{said}{}", String::from_utf8_lossy(&tested.stderr));
}

#[test]
fn a_folder_that_was_begun_for_another_exercise_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("mine");
    let target = target.to_str().expect("a name");
    assert_eq!(grader(&["init", "line-cache", target], "").2, 0);
    std::fs::write(folder.path().join("mine/src/lib.rs"), "fn f( {").expect("there is room");
    let (_, stderr, code) = grader(&["grade", target], "");
    assert!(code == 2 && stderr.contains("was --exercise line-cache meant?"), "{code}: {stderr}");
    let (_, stderr, code) = grader(&["watch", target], "");
    assert!(code == 2 && stderr.contains("was --exercise line-cache meant?"), "{code}: {stderr}");
    let (_, stderr, code) = grader(&["grade", target, "--exercise", "distributed-cache"], "");
    assert!(code == 3 && !stderr.contains("meant?"), "{code}: {stderr}");
    let (_, stderr, _) = grader(&["grade", target, "--exercise", "line-cache"], "");
    assert!(!stderr.contains("meant?"), "{stderr}");
}

#[test]
fn init_writes_a_starter_and_never_over_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("mine");
    let target = target.to_str().expect("a name");
    let (stdout, _, code) = grader(&["init", "distributed-cache", target], "");
    assert!(code == 0 && stdout.contains("src/lib.rs"), "{stdout}");
    let (_, stderr, code) = grader(&["init", "distributed-cache", target], "");
    assert!(code == 2 && stderr.contains("nothing was written"), "{stderr}");
}
