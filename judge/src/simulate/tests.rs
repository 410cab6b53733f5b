use super::*;

fn lines(text: &str) -> Vec<String> {
    text.split('|').map(str::to_owned).collect()
}

#[test]
fn a_range_of_commands_is_written_out_and_other_lines_stay_as_they_are() {
    let text = "PUT c  \n@for 3..4 PUT k{} v{}\n\nEXIT\n";
    assert_eq!(calls(text).expect("sound").commands, ["PUT c  ", "PUT k3 v3", "PUT k4 v4", "", "EXIT"]);
    assert_eq!(calls("GET a\n\n").expect("sound").commands, ["GET a"]);
    assert_eq!(calls("GET a\n@for x PUT").expect_err("no range").0, 2);
    assert!(calls("@for 1..30000 GET a").is_err());
    let two = calls("PUT a 1\n@again\nGET a\n").expect("sound");
    assert_eq!((two.earlier, two.commands), (lines("PUT a 1"), lines("GET a")));
}

#[test]
fn answers_of_any_order_are_told_from_those_of_none() {
    let commands = lines("PUT a 1|PUT a 2|GET a|DELETE a|DELETE a|DELETE a|GET b|GET !|EXIT|GET a");
    for right in [
        "STORED|STORED|2|DELETED|NOT_FOUND|NOT_FOUND|NOT_FOUND|ERROR|BYE",
        "STORED|STORED|NOT_FOUND|NOT_FOUND|DELETED|DELETED|NOT_FOUND|ERROR|BYE",
        "STORED|STORED|1|NOT_FOUND|NOT_FOUND|NOT_FOUND|NOT_FOUND|ERROR|BYE",
    ] {
        assert_eq!(any_order(&commands, &lines(right)), None, "{right}");
    }
    for (wrong, at) in [
        ("STORED|STORED|3|DELETED|NOT_FOUND|NOT_FOUND|NOT_FOUND|ERROR|BYE", 2),
        ("STORED|STORED|2|DELETED|DELETED|DELETED|NOT_FOUND|ERROR|BYE", 5),
        ("STORED|STORED|2|DELETED|DELETED|STORED|NOT_FOUND|ERROR|BYE", 5),
        ("STORED|STORED|2|DELETED|DELETED|NOT_FOUND|1|ERROR|BYE", 6),
        ("STORED|STORED|2|DELETED|DELETED|NOT_FOUND|NOT_FOUND|NOT_FOUND|BYE", 7),
        ("STORED|STORED|2|DELETED|DELETED|NOT_FOUND|NOT_FOUND|ERROR|BYE|2", 9),
        ("STORED|STORED|2|DELETED|DELETED|NOT_FOUND|NOT_FOUND|ERROR", 8),
        ("STORED||2|DELETED|DELETED|NOT_FOUND|NOT_FOUND|ERROR|BYE", 1),
    ] {
        assert_eq!(any_order(&commands, &lines(wrong)).map(|wrong| wrong.step), Some(at), "{wrong}");
    }
}

#[test]
fn a_missing_answer_is_told_where_the_next_one_stands_in_its_place() {
    let commands = lines("PUT a 1|XYZ|GET a|EXIT");
    let outputs = right_outputs(&commands, None);
    let told = |answers: &str| {
        let answers = lines(answers);
        let both = [any_order(&commands, &answers), ordered(&commands, &outputs, &answers)];
        both.map(|wrong| wrong.map(|wrong| (wrong.step, wrong.asked, wrong.actual.to_string(), wrong.aside)))
    };
    let both = |step, asked: &str, actual: &str, aside: &str| {
        let told = Some((step, asked.to_owned(), actual.to_owned(), aside.to_owned()));
        [told.clone(), told]
    };
    assert_eq!(told("STORED|1|BYE"), both(1, "XYZ", "1", " (answers in all: 3, commands: 4)"));
    assert_eq!(told("STORED|ERROR|1"), both(3, "EXIT", "(no more answers)", ""));
    assert_eq!(told("STORED|1|ERROR|BYE"), both(1, "XYZ", "1", ""));
}

#[test]
fn what_was_expected_and_what_came_are_values_and_not_pieces_of_a_sentence() {
    let check = |judge: Accept, commands: &str, answers: &str, values: [&str; 2]| {
        let (commands, answers) = (lines(commands), lines(answers));
        let wrong = match judge {
            Accept::Ordered => ordered(&commands, &right_outputs(&commands, None), &answers),
            _ => any_order(&commands, &answers),
        };
        let wrong = wrong.expect("a wrong answer");
        assert_eq!([wrong.expected.to_string(), wrong.actual.to_string()], values, "{answers:?}");
    };
    for judge in [Accept::Ordered, Accept::AnyOrder] {
        check(judge, "PUT a 1|DELETE a", "STORED|1", [any(judge, "DELETED", "DELETED or NOT_FOUND"), "1"]);
        check(judge, "DELETE a", "DELETED", ["NOT_FOUND", "DELETED"]);
        check(judge, "PUT a 1|DELETE a|DELETE a", "STORED|DELETED|DELETED", ["NOT_FOUND", "DELETED"]);
        check(judge, "PUT a b  c|GET a", "STORED", [any(judge, "b  c", "an answer"), "(no more answers)"]);
    }
}

/// What the judge of one order expects, or that of any order.
fn any<'a>(judge: Accept, ordered: &'a str, any_order: &'a str) -> &'a str {
    if judge == Accept::Ordered { ordered } else { any_order }
}

#[test]
fn answers_that_only_stand_elsewhere_are_right_wherever_places_are_lost_already() {
    let commands = lines("PUT a 1|PUT b 2|GET a|DELETE b|GET b|DELETE c|XYZ|EXIT");
    let check = |accept, answers: &str, is_right: bool| {
        let answers = placed(&commands, None, accept, lines(answers));
        let wrong = match accept {
            Accept::Ordered => ordered(&commands, &right_outputs(&commands, None), &answers),
            _ => any_order(&commands, &answers),
        };
        assert_eq!(wrong.is_none(), is_right, "{accept:?}: {answers:?}");
    };
    for (answers, ordered, any) in [
        ("STORED|STORED|1|DELETED|NOT_FOUND|NOT_FOUND|ERROR|BYE", true, true),
        ("BYE|ERROR|NOT_FOUND|DELETED|1|STORED|STORED|NOT_FOUND", true, true),
        // Each is of some order of the commands, but not of theirs.
        ("BYE|ERROR|NOT_FOUND|DELETED|1|STORED|STORED|2", false, true),
        ("BYE|ERROR|NOT_FOUND|NOT_FOUND|NOT_FOUND|STORED|STORED|NOT_FOUND", false, true),
        // One deleted twice, a half of a value, one too few, one too many.
        ("BYE|ERROR|DELETED|DELETED|1|STORED|STORED|NOT_FOUND", false, false),
        ("BYE|ERROR|NOT_FOUND|DELETED||STORED|STORED|NOT_FOUND", false, false),
        ("BYE|ERROR|NOT_FOUND|DELETED|1|STORED|STORED", false, false),
        ("BYE|ERROR|NOT_FOUND|DELETED|1|STORED|STORED|NOT_FOUND|NOT_FOUND", false, false),
    ] {
        check(Accept::Ordered, answers, ordered);
        check(Accept::AnyOrder, answers, any);
    }
}

#[test]
fn threads_are_counted_and_nothing_else() {
    let commands = lines("PUT a 1|GET a|XYZ|GET b|EXIT");
    for (started, edge, enough) in
        [(0, false, false), (1, false, false), (2, false, true), (2, true, false), (3, true, true)]
    {
        assert_eq!(too_few_threads(&commands, edge, started).is_none(), enough, "{started} {edge}");
    }
}

#[test]
fn an_answer_where_none_was_expected_is_told_as_that() {
    let told = |commands: &str, answers: &str| {
        let (commands, answers) = (lines(commands), lines(answers));
        let both = [any_order(&commands, &answers), ordered(&commands, &right_outputs(&commands, None), &answers)];
        both.map(|wrong| wrong.map(|wrong| (wrong.expected.to_string(), wrong.actual.to_string())))
    };
    let said = |expected: &str| {
        [Some((expected.to_owned(), "NOT_FOUND".to_owned())), Some((expected.to_owned(), "NOT_FOUND".to_owned()))]
    };
    assert_eq!(told("PUT a 1|EXIT|GET b", "STORED|BYE|NOT_FOUND"), said("no answer after BYE"));
    assert_eq!(told("PUT a 1|GET b", "STORED|NOT_FOUND|NOT_FOUND"), said("no answer after the last"));
}

#[test]
fn a_script_that_was_shown_says_the_same_when_it_is_run() {
    for text in [
        "PUT a b\u{1}c\nGET a",
        "PUT\tb\tc",
        "PUT a \\u{41}",
        "PUT a \\u{",
        "PUT c  \n\nEXIT",
        "PUT a 1\n@again\nGET a",
    ] {
        let shown = script(text);
        assert!(shown.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{shown:?}");
        assert_eq!(calls(&unescaped(&shown)), calls(text), "{shown:?}");
    }
    assert_eq!(script("PUT a b\u{1}c"), "PUT a b\\u{1}c");
}

#[test]
fn an_open_question_has_several_right_outputs() {
    let commands = lines("PUT k \"\"|GET k");
    let outputs = right_outputs(&commands, Some("STORED\n\"\"\n----\nERROR\nNOT_FOUND\n"));
    assert_eq!(ordered(&commands, &outputs, &lines("ERROR|NOT_FOUND")), None);
    assert_eq!(ordered(&commands, &outputs, &lines("STORED|\"\"")), None);
    let mixed = ordered(&commands, &outputs, &lines("STORED|NOT_FOUND")).expect("it is neither");
    assert_eq!((mixed.expected, mixed.actual), (Said::Value("\"\"".to_owned()), Said::Value("NOT_FOUND".to_owned())));
}

#[test]
fn unpinned_the_line_cache_says_what_is_right() {
    let commands = lines("PUT a b c|GET a|GET|EXIT|GET a");
    assert_eq!(right_outputs(&commands, None), [lines("STORED|b c|ERROR|BYE")]);
}

#[test]
fn an_answer_that_reads_like_our_words_is_a_value() {
    let commands = lines("PUT a 1|GET a");
    let outputs = right_outputs(&commands, None);
    let empty = ordered(&commands, &outputs, &[]).expect("nothing came");
    assert_eq!(empty.actual, Said::Ours(Phrase::EmptyList));
    for answer in ["an empty list", "(no more answers)", "(an empty line)", "an answer"] {
        let wrong = ordered(&commands, &outputs, &lines(answer)).expect("a wrong answer");
        assert_eq!(wrong.actual, Said::Value(answer.to_owned()));
    }
}
