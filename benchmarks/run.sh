#!/usr/bin/env bash
# Times xgrad beside LibTorch, in turn, and prints a row for each workload: ours, theirs at its best setting, the ratio
# and the ratio to reach; then the ratio to LibTorch as installed, and the geometric means.
#
#   benchmarks/run.sh [--filter REGEX] [--threads "1 2"] [--rounds N] [--min-time SECONDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../cmake/setup.sh
source "$here/../cmake/setup.sh"

filter='.*' threads='1 2' rounds=3 min_time=0.3
while (($# > 0)); do
  case $1 in
    --filter | --threads | --rounds | --min-time)
      if (($# < 2)); then
        echo "benchmarks/run.sh: $1 needs a value" >&2
        exit 2
      fi
      name=${1#--}
      printf -v "${name//-/_}" '%s' "$2"
      shift 2
      ;;
    *)
      echo "benchmarks/run.sh: unknown option $1; known: --filter --threads --rounds --min-time" >&2
      exit 2
      ;;
  esac
done

# Both slow OpenBLAS down; the others would decide the number of threads behind our back.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS OMP_NUM_THREADS XGRAD_NUM_THREADS

if ! dpkg-query -W -f='${Status}' libtorch-dev 2>/dev/null | grep -q 'install ok installed'; then
  apt_get update
  install_packages libtorch-dev
fi
cd "$xgrad_root"
configure release
build release xgrad_bench
cmake -S benchmarks/peer -B build/peer >build/peer.log
cmake --build build/peer -j"$(nproc)" >>build/peer.log

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for count in $threads; do
  for ((round = 1; round <= rounds; ++round)); do
    build/release/benchmarks/xgrad_bench --threads "$count" --min-time "$min_time" --filter "$filter" \
      >"$work/ours_${count}_$round"
    LIBTORCH_BENCH="$xgrad_root/build/peer/libtorch_bench" benchmarks/peer/run.sh "$count" \
      "$work/theirs_${count}_$round" "$filter" "$min_time" >/dev/null
  done
  echo "threads: $count, rounds: $rounds"
  benchmarks/compare.py "benchmarks/targets_$count.tsv" "$work"/ours_"${count}"_* "$work"/theirs_"${count}"_*
done
