use super::*;

#[test]
fn a_repository_is_its_users_however_many_dashes_there_are() {
    let check = |users: &[&str], repositories: &[&str], whose: &[Result<&str, usize>]| {
        let lines: String = users.iter().map(|user| format!("{user}@x,{user},{user} the learner\n")).collect();
        let roster = Roster::parse(&format!("identifier,github_username,name\n{lines}")).expect("a list");
        let owners: Vec<Owner> = repositories.iter().map(|name| Owner::plain(name)).collect();
        let class: Vec<(&str, &Owner)> = repositories.iter().copied().zip(&owners).collect();
        let told = roster
            .matched(&class)
            .into_iter()
            .map(|found| found.map(|people| roster.people[people[0]].username.clone()));
        let wanted = whose.iter().map(|one| one.map(str::to_owned).map_err(|why| Roster::UNMATCHED[why]));
        assert_eq!(told.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{users:?} {repositories:?}");
    };
    // One name ends in the other: what begins both repositories decides.
    let both = ["lee", "words-lee"];
    check(&both, &["first-words-lee", "first-words-words-lee"], &[Ok("lee"), Ok("words-lee")]);
    check(&both, &["first-words-lee", "first-words-ann"], &[Err(3), Err(2)]);
    check(&["lee", "words-lee", "ann"], &["first-words-lee", "first-words-ann"], &[Ok("lee"), Ok("ann")]);
    check(&["lee", "words-lee", "ann"], &["first-words-lee", "first-ann"], &[Ok("words-lee"), Ok("ann")]);
    // Alone nothing decides.
    check(&both, &["first-words-lee"], &[Err(3)]);
    check(&["lee"], &["first-words-lee"], &[Ok("lee")]);
    // The same words in another order are another user.
    check(&["words-lee", "lee-words"], &["a-words-lee", "a-lee-words"], &[Ok("words-lee"), Ok("lee-words")]);
    check(&["Words-Lee"], &["a-words-lee", "b-c"], &[Ok("Words-Lee"), Err(2)]);
    // Two assignments, and two repositories of one person.
    check(&["ada", "bob"], &["lab-1-ada", "lab-2-bob"], &[Ok("ada"), Ok("bob")]);
    check(&["ada", "bob"], &["lab-1-ada", "lab-2-ada"], &[Err(0), Err(0)]);
}

/// Who of a roster each of these files of a class is; of whom nobody is found, the index of the reason.
#[track_caller]
fn of_files(roster: &str, files: &[&str], whose: &[Result<&str, usize>]) {
    let home = tempfile::tempdir().expect("a folder");
    let paths: Vec<_> = files.iter().map(|name| home.path().join(name)).collect();
    for path in paths.iter().filter(|path| path.extension().is_none()) {
        std::fs::create_dir(path).expect("there is room");
    }
    let roster = Roster::parse(roster).expect("a list");
    let owners = crate::intake::platform::owners(home.path(), &paths);
    let class: Vec<(&str, &Owner)> = owners.iter().map(|owner| (owner.shown.as_str(), owner)).collect();
    let found = roster.matched(&class).into_iter();
    let told = found.map(|found| found.map(|people| roster.people[people[0]].name.clone()));
    let wanted = whose.iter().map(|one| one.map(str::to_owned).map_err(|why| Roster::UNMATCHED[why]));
    assert_eq!(told.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{files:?} {roster:?}");
}

#[test]
fn of_blackboards_names_the_roster_tells_which_part_is_the_user() {
    let of = |users: &[&str], column: &str| -> String {
        let rows = users.iter().map(|user| format!("Wu,{user},{user},\n"));
        format!("Last Name,First Name,Username,{column}\n{}", rows.collect::<String>())
    };
    let check = |users: &[&str], column: &str, prefixes: &[&str], whose: &[Result<&str, usize>]| {
        let named: Vec<_> = prefixes.iter().map(|one| format!("{one}_attempt_2026-11-20-11-15-30_a.txt")).collect();
        let names: Vec<String> =
            whose.iter().map(|one| one.map_or_else(|_| String::new(), |one| format!("{one} Wu"))).collect();
        let whose: Vec<_> = whose.iter().zip(&names).map(|(one, name)| one.map(|_| name.as_str())).collect();
        of_files(&of(users, column), &named.iter().map(String::as_str).collect::<Vec<_>>(), &whose);
    };
    let column = "First words [Total Pts: 20 Score] |9";
    // The lone file of `c_wu`, beside a user `wu`.
    check(&["c_wu", "wu"], column, &["First words_c_wu"], &[Ok("c_wu")]);
    check(&["wu"], column, &["First words_c_wu"], &[Err(2)]);
    check(&["wu"], "Other", &["First words_c_wu"], &[Err(3)]);
    check(&["c_wu", "wu"], "Other", &["First words_c_wu"], &[Err(3)]);
    check(&["c_wu"], "Other", &["First words_c_wu"], &[Ok("c_wu")]);
    // Users that begin alike.
    let all = ["First words_s_wu", "First words_s_li", "First words_s_ray"];
    let users = ["s_wu", "s_li", "s_ray", "wu"];
    for column in [column, "Other"] {
        check(&users, column, &all, &[Ok("s_wu"), Ok("s_li"), Ok("s_ray")]);
        check(&users[..2], column, &all, &[Ok("s_wu"), Ok("s_li"), Err(2)]);
    }
    check(&["wu", "ann"], "Other", &all, &[Err(3), Err(2), Err(2)]);
    check(&["s_wu", "s_li", "wu", "li"], "Other", &all[..2], &[Err(3), Err(3)]);
    check(&["s_wu", "s_li", "wu", "li"], column, &all[..2], &[Ok("s_wu"), Ok("s_li")]);
    check(&["wu", "li"], "Lab_1", &["Lab_1_wu", "Lab_1_li"], &[Ok("wu"), Ok("li")]);
    check(&["wu", "li"], "Other", &["Lab_1_wu", "Lab_1_li"], &[Ok("wu"), Ok("li")]);
    // A user who is not in the gradebook is nobody there, whoever's name is spelled alike.
    of_files("Last Name,First Name,Username\nWu,C,cw\n", &["Lab_c_wu_attempt_2026-11-20-11-15-30_a.txt"], &[Err(2)]);
}

#[test]
fn what_a_platform_tells_for_sure_is_never_another_of_a_like_name() {
    // ILIAS: a login may have an underscore.
    let people = "Name;Login\nFu Wu;wu\nCy Wu;c_wu\nJürgen von der Heide;jheide\n";
    let folders = ["Wu_Cy_c_wu_12", "von_der_Heide_Juergen_jheide_13", "Wu_Fu_wu_14"];
    of_files(people, &folders, &[Ok("Cy Wu"), Ok("Jürgen von der Heide"), Ok("Fu Wu")]);
    of_files("Name;Login\nFu Wu;wu\n", &folders[..2], &[Err(3), Err(2)]);
    // Canvas: `wuli` is Li Wu, and no user.
    let gradebook = "Student,ID,SIS User ID,SIS Login ID,Section\n\"Li, Wu\",12,,wuli,A\n\"Bo, Al\",13,,albo,A\n";
    of_files(gradebook, &["wuli_99_501_a.txt", "boal_13_502_a.txt"], &[Err(2), Ok("Bo, Al")]);
    of_files("name,username\nWu Li,wuli\n", &["wuli_99_501_a.txt", "boal_13_502_a.txt"], &[Err(2), Err(2)]);
    // Moodle: a number that the worksheet does not have is no namesake's.
    let sheet = "Identifier,Full name,Status,Grade\nParticipant 1,Ann Lee,x,\nParticipant 2,Bo Li,x,\n";
    let (ann, bo) = ("Ann Lee_7_assignsubmission_file_a.txt", "Bo Li_2_assignsubmission_file_a.txt");
    of_files(sheet, &[ann, bo], &[Err(2), Ok("Bo Li")]);
    of_files(sheet, &[ann], &[Ok("Ann Lee")]);
    // Brightspace: its folders' numbers are not its gradebook's.
    let grades = "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#12,#a,Lee,Ann,#\n#9,#b,Li,Bo,#\n";
    of_files(grades, &["12-9 - Bo Li - Oct 3, 2026 100 AM"], &[Ok("Bo Li")]);
    // A folder is no repository where nothing else begins alike.
    of_files("name\nLena\nAnna\n", &["Anna-Lena", "Bob"], &[Err(2), Err(2)]);
    of_files("name\nada\nbob\n", &["lab-1-ada", "lab-1-bob"], &[Ok("ada"), Ok("bob")]);
    of_files(
        "identifier,github_username,name\nx,lee,lee\ny,ann,ann\nz,bo,bo\n",
        &["a-wu-lee", "a-ann", "a-bo"],
        &[Err(2), Ok("ann"), Ok("bo")],
    );
    // Names that differ in spelling only are told apart by it.
    of_files(
        "name,id\nAnn Lee,1\nLee Ann,2\njose,3\nJosé,4\n",
        &["Lee Ann", "Ann Lee", "José", "ann lee"],
        &[Ok("Lee Ann"), Ok("Ann Lee"), Ok("José"), Err(1)],
    );
}

#[test]
fn who_may_be_meant_is_no_one_who_handed_in_nothing() {
    let roster = Roster::parse("identifier,github_username\nlee@x,lee\nwl@x,words-lee\nann@x,ann\n").expect("a list");
    let owner = Owner::plain("first-words-lee");
    let class = [("first-words-lee", &owner)];
    assert_eq!(roster.candidates(&class, &class), [0, 1].into());
}
