#!/usr/bin/env bash
# Builds and runs the user's project of this folder, in a temporary folder, against xgrad
#   installed      from an installation of the build tree, found by find_package
#   subdirectory   from the source tree, added by add_subdirectory
# usage: check.sh installed|subdirectory SOURCE BUILD CMAKE GENERATOR COMPILER CONFIGURATION
set -euo pipefail

way=$1 source=$2 build=$3 cmake=$4 generator=$5 compiler=$6 configuration=$7
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A user's project is often a debug build, on a library that is not.
options=(-G "$generator" "-DCMAKE_CXX_COMPILER=$compiler" -DCMAKE_BUILD_TYPE=Debug)
case $way in
  installed)
    "$cmake" --install "$build" --prefix "$work/first" --config "$configuration" >"$work/install.log"
    mv "$work/first" "$work/prefix"  # an installation can be moved
    if grep -rnF -e "$source" -e "$build" -e "$work" "$work/prefix" --include='*.cmake'; then
      echo "the installed package names folders of the machine that built it" >&2
      exit 1
    fi
    options+=("-DCMAKE_PREFIX_PATH=$work/prefix")
    ;;
  subdirectory)
    # For any processor and hardly optimised: the point is that it builds, and soon.
    options+=("-DXGRAD_SOURCE_DIR=$source" -DXGRAD_ARCH= -DCMAKE_CXX_FLAGS_DEBUG=)
    if command -v ccache >/dev/null; then
      options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
      export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
    fi
    ;;
  *)
    echo "check.sh: unknown way '$way'" >&2
    exit 2
    ;;
esac

"$cmake" -S "$here" -B "$work/build" "${options[@]}"
"$cmake" --build "$work/build" --target consumer --parallel 2
"$work/build/consumer"
