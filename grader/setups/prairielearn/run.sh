#!/usr/bin/env bash
# PrairieLearn runs this for each submission; the files that learners hand in are in /grade/student.
set -uo pipefail
EXERCISE=${EXERCISE:-distributed-cache}
root=${GRADE_ROOT:-/grade}
results=$root/results/results.json
mkdir -p "$root/results"
grader grade "$root/student" --exercise "$EXERCISE" --format prairielearn --out "$results"
code=$?
if [ ! -s "$results" ]; then
  printf '{"gradable": false, "message": "The grader itself failed (exit code %d)."}\n' "$code" > "$results"
fi
