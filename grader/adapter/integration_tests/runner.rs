//! The adapter of exercise `integration-tests`: runs one of the submission's tests, by its number.

/// Whether the test returned well. A panic ends the module.
#[unsafe(no_mangle)]
pub extern "C" fn run(number: u32) -> u32 {
    u32::from(submission::run_test_of_number(number))
}
