#!/bin/sh
# Builds the native tests with AddressSanitizer and UndefinedBehaviorSanitizer and runs them.
#   sh scripts/sanitize.sh [sanitizers]      e.g. "thread"; default "address,undefined"
set -eu
cd "$(dirname "$0")/.."
sanitizers=${1:-address,undefined}
folder=build/sanitize-$(echo "$sanitizers" | tr , -)
cmake -S . -B "$folder" -DEQUIPOISE_TESTS=ON -DEQUIPOISE_SANITIZE="$sanitizers" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$folder" --parallel
ctest --test-dir "$folder" --output-on-failure
