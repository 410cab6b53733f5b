//! The shared libraries of a program: the only files of the system that it must see.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::walls::normal;

/// The files that programs are loaded from beside their own: the loader and every shared library, as this system's
/// loader finds them. Empty for a static program. Cost: a process for each program, some 20 ms.
///
/// # Errors
/// A program cannot be read, or its loader does not find a library: a sentence.
pub fn libraries_of(programs: &[&Path]) -> Result<Vec<PathBuf>, String> {
    libraries_with(programs, &[])
}

/// The same, with those of `plugins`: shared objects that the first program loads itself.
///
/// # Errors
/// See [`libraries_of`].
pub fn libraries_with(programs: &[&Path], plugins: &[&Path]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut loads: Vec<(PathBuf, &Path)> = Vec::new();
    for program in programs {
        let loader = loader(program).map_err(|error| format!("`{}` cannot be read: {error}", program.display()))?;
        loads.extend(loader.map(|loader| (loader, *program)));
    }
    if let Some((loader, _)) = loads.first().cloned() {
        loads.extend(plugins.iter().map(|plugin| (loader.clone(), *plugin)));
    }
    for (loader, program) in loads {
        let listing = Command::new(&loader).arg("--list").arg(program).env_clear().output();
        let listing = listing.map_err(|error| format!("`{}` does not start: {error}", loader.display()))?;
        if !listing.status.success() {
            return Err(format!("the loader does not find every library of `{}`", program.display()));
        }
        // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)`
        let text = String::from_utf8_lossy(&listing.stdout).into_owned();
        let paths = text.lines().filter_map(|line| {
            let line = line.trim();
            let path = line.split_once(" => ").map_or(line, |(_, path)| path);
            let (path, _) = path.rsplit_once(" (0x")?;
            let path = Path::new(path);
            // A library beside its program is found through the program's folder.
            let plain = Some(normal(path)).filter(|plain| plain.exists()).unwrap_or_else(|| path.to_owned());
            Some(plain).filter(|path| path.is_absolute())
        });
        files.extend(paths);
        files.push(loader);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// The loader that a 64-bit ELF file names; `None` for a static program.
fn loader(program: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut file = File::open(program)?;
    let mut head = [0_u8; 64];
    if file.read_exact(&mut head).is_err() || head[..5] != *b"\x7fELF\x02" {
        return Ok(None);
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let (start, size, count) = (number(&head[32..40]), number(&head[54..56]), number(&head[56..58]));
    for index in 0..count {
        let mut entry = [0_u8; 56];
        file.read_exact_at(&mut entry, start + index * size)?;
        // PT_INTERP
        if number(&entry[..4]) == 3 {
            let len = usize::try_from(number(&entry[32..40]).min(4096)).unwrap_or(0);
            let mut path = vec![0; len];
            file.read_exact_at(&mut path, number(&entry[8..16]))?;
            let text = String::from_utf8_lossy(&path).trim_end_matches('\0').to_owned();
            return Ok(Some(PathBuf::from(text)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_loader_and_libraries_are_found() {
        let itself = std::env::current_exe().expect("there is a program");
        let files = libraries_of(&[&itself]).expect("it is running");
        assert!(files.iter().all(|path| path.is_file()), "{files:?}");
        assert!(files.iter().any(|path| path.to_string_lossy().contains("libc")), "{files:?}");
    }
}
