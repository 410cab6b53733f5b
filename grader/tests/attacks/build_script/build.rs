//! If this ever runs, the machine is lost.
fn main() {
    std::fs::write("/tmp/cachedojo-was-here", "owned").unwrap();
    println!("cargo:rustc-env=SCORE=100");
}
