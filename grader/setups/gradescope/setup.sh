#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
apt-get update
apt-get install -y --no-install-recommends build-essential ca-certificates curl python3 python3-pip
curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain 1.95.0
export PATH="$HOME/.cargo/bin:$PATH" CACHEDOJO_CACHE="${CACHEDOJO_CACHE:-$root/cache}"
cd "$root/source/cachedojo"
cargo build --release --locked -p grader
cp target/release/grader "${BIN:-/usr/local/bin}/"
# What is made once, for every exercise: submissions then need no network.
grader doctor --prepare
