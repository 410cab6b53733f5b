//! A crate of ours that a submission is compiled with: an error in it is our mistake, not the submission's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::host::cache;
use crate::host::digest::PartsDigest;
use crate::host::files::read_plain;
use crate::host::sandbox::Protection;
use crate::language::rust::rustc::{CPU_S, Call, Outcome};
use crate::language::rust::toolbox::Toolbox;
use crate::language::toolchain::Rejected;

/// The largest library that is kept, in bytes.
const LIBRARY_BYTES_MAX: u64 = 16 << 20;

/// A crate that is compiled beside every submission to an exercise.
#[derive(Debug, Clone, Copy)]
pub struct Companion {
    /// Its name.
    pub name: &'static str,
    /// The root file.
    pub root: &'static str,
    /// Its files.
    pub files: &'static [(&'static str, &'static str)],
}

impl Companion {
    /// Its library's file in the scratch folder.
    pub fn library(&self) -> String {
        format!("lib{}.rlib", self.name)
    }

    /// Writes its files into the scratch folder.
    ///
    /// # Errors
    /// There is no space for them.
    pub fn lay_out(&self, scratch: &Path) -> std::io::Result<()> {
        let home = scratch.join(self.name);
        fs::create_dir_all(&home)?;
        for (name, text) in self.files {
            fs::write(home.join(name), text)?;
        }
        Ok(())
    }

    /// Puts its library into the scratch folder. Cost: a call of the compiler the first time on a machine, some 0.3 s of processor
    /// time, later a copy.
    ///
    /// # Errors
    /// It does not compile: this says nothing about the submission.
    pub fn compile(&self, toolbox: &Toolbox, scratch: &Path, protection: Protection) -> Result<(), Rejected> {
        let kept = self.cached_path(toolbox);
        let library = scratch.join(self.library());
        if cache::read_kept(&kept).is_some_and(|bytes| fs::write(&library, bytes).is_ok()) {
            return Ok(());
        }
        self.build(toolbox, scratch, protection)?;
        if let Ok(bytes) = read_plain(&library, LIBRARY_BYTES_MAX) {
            cache::keep(&kept, &bytes);
        }
        Ok(())
    }

    /// Where the library of this toolbox and of these files is kept.
    fn cached_path(&self, toolbox: &Toolbox) -> PathBuf {
        let mut digest = PartsDigest::default();
        for (name, text) in self.files.iter().chain([&(self.name, self.root)]) {
            digest.add(name.as_bytes());
            digest.add(text.as_bytes());
        }
        digest.add(toolbox.name().as_bytes());
        PathBuf::from("mutants/module").join(format!("{}.rlib", digest.hex()))
    }

    fn build(&self, toolbox: &Toolbox, scratch: &Path, protection: Protection) -> Result<(), Rejected> {
        let call = Call {
            toolbox,
            scratch,
            root: &format!("{}/{}", self.name, self.root),
            name: self.name,
            kind: "rlib",
            output: &self.library(),
            externs: &[],
            cfgs: &[],
            flags: &["-Awarnings".to_owned()],
            cpu_s: CPU_S,
            protection,
        };
        let why = match call.run()? {
            Outcome::Built => return Ok(()),
            Outcome::GaveUp(why) | Outcome::Machine(why) => why,
            Outcome::Errors(messages) => messages.first().map_or("", |first| &first.diagnostic.message).to_owned(),
        };
        Err(Rejected::harness(&format!("`{}` does not compile ({why}): install the grader anew", self.name)))
    }
}
