//! Names of programs and libraries on this system, and the user's folder.

use std::env::consts::EXE_SUFFIX;
use std::env::{split_paths, var_os};
use std::ffi::OsString;
use std::path::PathBuf;

/// The file name of a program: `rustc`, on Windows `rustc.exe`.
pub fn file(name: &str) -> String {
    format!("{name}{EXE_SUFFIX}")
}

/// The first program with that name on the path. Cost: a look in each folder there.
pub fn on_path(name: &str) -> Option<PathBuf> {
    split_paths(&var_os("PATH")?).map(|folder| folder.join(file(name))).find(|path| path.is_file())
}

/// The user's folder, from this system's variable for it.
pub fn home() -> Option<PathBuf> {
    home_of(&|name| var_os(name))
}

fn home_of(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    ["HOME", "USERPROFILE"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_has_either_name_and_an_empty_one_is_none() {
        let check = |set: &[(&str, &str)], expected: Option<&str>| {
            let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            assert_eq!(home_of(&variable), expected.map(PathBuf::from), "{set:?}");
        };
        check(&[("HOME", "/home/ada")], Some("/home/ada"));
        check(&[("USERPROFILE", r"C:\Users\ada")], Some(r"C:\Users\ada"));
        check(&[("HOME", ""), ("USERPROFILE", r"C:\Users\ada")], Some(r"C:\Users\ada"));
        check(&[], None);
    }
}
