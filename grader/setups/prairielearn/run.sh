#!/usr/bin/env bash
# PrairieLearn runs this for each submission; the files that learners hand in are in /grade/student.
set -uo pipefail
mkdir -p /grade/results
grader grade /grade/student --exercise distributed-cache --format prairielearn --out /grade/results/results.json
code=$?
if [ ! -s /grade/results/results.json ]; then
  printf '{"gradable": false, "message": "The grader itself failed (exit code %d)."}\n' "$code" > /grade/results/results.json
fi
