use super::*;

fn findings(source: &str) -> Vec<(u32, u32)> {
    let tokens: TokenStream = source.parse().expect("it is Rust");
    scan("lib.rs", &tokens, &Names::of(std::iter::once(&tokens)))
        .forbidden
        .iter()
        .map(|found| (found.line, found.column))
        .collect()
}

#[test]
fn what_only_looks_forbidden_is_fine() {
    for fine in [
        "// unsafe include_str!(\"x\")\nfn f() {}",
        "fn f() { println!(\"unsafe include!\") }",
        "use std::env; fn f(env: u8, include: bool) { let _ = std::env::args(); assert!(include, \"{env}\"); if env != 1 {} }",
        "#[cfg(test)] mod tests { fn f() { unsafe {} include_str!(\"x\"); } }",
        "#[test] fn f() { unsafe {} }",
        "#[cfg(test)] use redis::Client; fn f() {}",
        "#[derive(Debug)] #[doc = \"path\"] #[must_use] struct S;",
        "extern \"C\" fn f() {}",
        "fn r#unsafe_name() { let path = 1; let feature = path; }",
    ] {
        assert_eq!(findings(fine), [], "{fine}");
    }
}

#[test]
fn what_is_forbidden_is_found_at_its_place() {
    for (forbidden, place) in [
        ("fn f() { unsafe {} }", (1, 10)),
        ("unsafe impl Send for S {}", (1, 1)),
        ("fn f() {\n  include_str!(\"/etc/passwd\"); }", (2, 3)),
        ("use std::include_bytes as x;", (1, 10)),
        ("fn f() { env!(\"HOME\"); }", (1, 10)),
        ("fn f() { core::option_env!(\"HOME\"); }", (1, 16)),
        ("#[path = \"/etc/passwd\"] mod m;", (1, 3)),
        ("#[cfg_attr(all(), path = \"/etc/passwd\")] mod m;", (1, 19)),
        ("#![feature(asm)]", (1, 4)),
        ("#[global_allocator] static A: X = X;", (1, 3)),
        ("fn f() { std::arch::asm!(\"nop\"); }", (1, 21)),
        ("macro_rules! m { () => { include!(\"x\") } }", (1, 26)),
        ("macro_rules! m { ($i:ident) => { $i!(\"x\") } } m!(include_str);", (1, 50)),
    ] {
        assert_eq!(findings(forbidden).first(), Some(&place), "{forbidden}");
    }
}

#[test]
fn another_name_does_not_hide_a_macro() {
    assert_eq!(findings("use std::env as e;\nfn f() { e!(\"HOME\"); }"), [(2, 10)]);
    assert_eq!(findings("use std::include as i;"), [(1, 10)]);
}

#[test]
fn a_name_is_known_in_whatever_way_it_is_written() {
    for (forbidden, place) in [
        ("const X: &str = r#include_str!(\"x\");", (1, 17)),
        ("const X: &str = r#env!(\"HOME\");", (1, 17)),
        ("#[r#path = \"x\"] mod m;", (1, 3)),
        ("#[cfg_attr(all(), cfg_attr(all(), r#path = \"x\"))] mod m;", (1, 35)),
        ("#[r#panic_handler] fn f() {}", (1, 3)),
        ("#[core::prelude::v1::global_allocator] static A: X = X;", (1, 22)),
        ("use core::prelude::v1::global_allocator as g;", (1, 24)),
        ("fn f() { e!(\"HOME\"); } use std::env as e;", (1, 10)),
        ("fn f() { g!(\"HOME\"); } use m::e as g; mod m { pub use std::env as e; }", (1, 10)),
        ("macro_rules! m { ($i:ident) => { $i!(\"x\") } } m!(include);", (1, 50)),
        ("m!(r#env); macro_rules! m { ($i:ident) => { $i!(\"x\") } }", (1, 4)),
        ("macro_rules! m { ($i:ident) => { #[$i = \"x\"] mod n; } }", (1, 37)),
        ("macro_rules! m { ($m:meta) => { #[$m] mod n; } } m!(path = \"x\");", (1, 53)),
    ] {
        assert_eq!(findings(forbidden).first(), Some(&place), "{forbidden}");
    }
    assert_eq!(findings("macro_rules! m { ($i:ident) => { $i + 1 } } fn f(path: u8, include: u8) { path.m(); }"), []);
}

#[test]
fn only_a_whole_item_is_test_code() {
    let hidden = "include_str!(\"x\")";
    for shown in [
        format!("fn f() {{ match 1 {{ #[cfg(test)] 0 => 1, _ => {hidden} }}; }}"),
        format!("fn f() {{ match 1 {{ #[cfg(test)] const {{ 1 }} => 1, _ => {hidden} }}; }}"),
        format!("static A: [&str; 1] = [#[cfg(test)] \"\", {hidden}];"),
        format!("static A: [&str; 1] = [#[cfg(test)] const {{ \"\" }}, {hidden}];"),
        format!("struct S {{ #[cfg(test)] pub a: u8, b: [u8; {hidden}.len()] }}"),
        format!("enum E {{ #[cfg(test)] A, B = {hidden}.len() as isize }}"),
        format!("fn f(#[cfg(test)] a: u8, b: [u8; {hidden}.len()]) {{}}"),
        format!("fn f<#[cfg(test)] const N: u8, const M: u8 = {{ {hidden} }}>() {{}}"),
        format!("type F = fn(#[cfg(test)] impl Fn(), [u8; {hidden}.len()]);"),
        format!("fn f() {{ g(#[cfg(test)] async {{}}, {hidden}); }}"),
        format!("fn f() {{ S {{ #[cfg(test)] a: 1, b: {hidden} }}; }}"),
        format!("fn f() {{ #[cfg(test)] x += 1; {hidden}; }}"),
        format!("#[cfg(test)] fn f() -> A<{{ 1 }}> {{}} static A: &str = {hidden};"),
        format!("#[cfg(test)] use a::{{b}}; static A: &str = {hidden};"),
        format!("use tokio::main as test; #[test] async fn f() {{ {hidden}; }}"),
        format!("#![cfg(test)] fn f() {{}} fn g() {{ {hidden}; }}"),
    ] {
        assert_eq!(findings(&shown).len(), 1, "{shown}");
    }
    for fine in [
        "#[allow(dead_code)] #[cfg(test)] #[path_is(x)] pub(crate) mod tests { fn f() { unsafe {} } }",
        "impl S { #[cfg(test)] pub const fn f() -> u8 { unsafe { 1 } } fn g() {} }",
        "#[cfg(test)] const A: u8 = { unsafe { 1 } };",
    ] {
        assert_eq!(findings(fine), [], "{fine}");
    }
}

#[test]
fn a_first_line_for_a_shell_hides_nothing() {
    let read = |text: &str| without_shebang(text);
    assert_eq!(read("#!'\nunsafe"), "   \nunsafe");
    assert_eq!(read("\u{feff}#!/bin/sh"), "         ");
    for attribute in ["#![a]\nx", "#! [a]\nx", "#!/* /* */ */ [a]\nx", "#!// b\n[a]\nx"] {
        assert_eq!(read(attribute), attribute);
    }
}

#[test]
fn test_code_inside_a_macro_is_not_left_alone() {
    let source = "macro_rules! m { (#[cfg(test)] $($t:tt)*) => { $($t)* } }\nm! { #[cfg(test)] include_str!(\"x\") }";
    assert_eq!(findings(source), [(2, 19)]);
}

#[test]
fn deep_nesting_is_a_finding_and_no_crash() {
    for deep in [
        format!("fn f() {{ {}x }}", "!".repeat(100_000)),
        format!("fn f() {{ {}1{} }}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("fn f() {{ {}x }}", "|a,| ".repeat(63_000)),
        format!("fn f() {{ {}x }}", "x | |a,| ".repeat(30_000)),
        format!("type A = {}u8;", "A<u,".repeat(35_000)),
        format!("type A = {}u8;", "A<fn() -> u, ".repeat(35_000)),
    ] {
        let tokens: TokenStream = deep.parse().expect("it is Rust");
        let scan = scan("lib.rs", &tokens, &Names::default());
        assert!(scan.too_deep && scan.forbidden.len() == 1);
    }
    for long in [
        format!("fn f() {{ {} }}", "let x = (1, 2); ".repeat(50_000)),
        format!("fn f() {{ {} }}", "let x: Vec<u8> = y.map(|a| a | 1).filter(|a, b| a < b); ".repeat(3_000)),
        format!("const T: &[(u8, Option<u8>)] = &[{}];", "(1, Some::<u8>(2)), ".repeat(20_000)),
        format!("fn f() {{ match x {{ {} }} }}", "1 | 2 => { y(); } 3 => z, ".repeat(5_000)),
    ] {
        assert!(!scan("lib.rs", &long.parse().expect("it is Rust"), &Names::default()).too_deep);
    }
}

#[test]
fn what_starts_threads_is_seen_wherever_it_stands() {
    for (source, spawns) in [
        ("use std::thread; fn f() { thread::spawn(|| ()); }", true),
        ("use std::{thread as t}; fn f() { t::Builder::new(); }", true),
        ("macro_rules! m { ($f:ident) => { std::thread::$f(|_| ()) } } fn f() { m!(scope); }", true),
        ("fn f() { std::thread::sleep(d); }", false),
        ("async fn f() { tokio::spawn(async {}); }", false),
        ("fn f() {} #[cfg(test)] mod tests { fn f() { std::thread::spawn(|| ()); } }", false),
    ] {
        let tokens: TokenStream = source.parse().expect("it is Rust");
        assert_eq!(scan("lib.rs", &tokens, &Names::default()).threads == [true, true], spawns, "{source}");
    }
}

#[test]
fn names_of_this_crate_are_no_crates() {
    let tokens: TokenStream =
        "use std::{fmt, io::Read}; use redis::Client; mod node; fn f() { node::x(); fmt::y(); lru::z(); }"
            .parse()
            .expect("it is Rust");
    let scan = scan("lib.rs", &tokens, &Names::default());
    let foreign: Vec<_> = scan.roots.difference(&scan.declared).map(String::as_str).collect();
    assert_eq!(foreign, ["lru", "redis", "std"]);
}
