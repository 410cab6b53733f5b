//! `grader`: grades submissions to Cachedojo's exercises, and runs scripts. See `grader --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    grader::cli::main()
}
