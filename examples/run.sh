#!/usr/bin/env bash
# usage: examples/run.sh [NAME] [OPTIONS...]
# Installs what is missing, builds the example NAME (watermelon if none is given) and runs it with OPTIONS.
set -euo pipefail
# shellcheck source=../cmake/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cmake/setup.sh"

names=()
for file in "$xgrad_root"/examples/*.cpp; do
  names+=("$(basename "$file" .cpp)")
done

name=watermelon
case ${1:-} in
  -h | --help)
    echo "usage: examples/run.sh [NAME] [OPTIONS...]     (NAME --help lists its options)"
    echo "examples: ${names[*]}"
    exit 0
    ;;
  "" | -*) ;;
  *)
    name=$1
    shift
    ;;
esac
if [[ " ${names[*]} " != *" $name "* ]]; then
  say "There is no example '$name'. There are: ${names[*]}"
  exit 2
fi

setup_machine
configure release
build release "example_$name"
exec "$xgrad_root/build/release/examples/$name" "$@"
