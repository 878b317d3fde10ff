# shellcheck shell=bash
# Set-up that examples/run.sh, tests/run.sh and .ci/run share; to be sourced. Afterwards
#   xgrad_root       the source tree
#   xgrad_packages   the Debian and Ubuntu packages that everything here needs
#   setup_machine    installs what is missing, and picks a compiler
#   configure PRESET [OPTIONS]    configures build/PRESET, unless that is done
#   build PRESET TARGET           brings TARGET up to date, silently when it already is

xgrad_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
xgrad_packages=(g++ cmake ninja-build xtl-dev libxtensor-dev libxsimd-dev libfmt-dev
  libopenblas-openmp-dev doctest-dev nlohmann-json3-dev)

say() { printf '%s\n' "$*" >&2; }

missing_packages() {
  local package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      echo "$package"
    fi
  done
}

apt_get() {
  if [[ $(id -u) == 0 ]]; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 "$@"
  else
    say "These packages have to be installed by root, and there is no sudo here: ${missing[*]}"
    exit 1
  fi
}

# install_packages PACKAGE...: installs those that are missing, by apt.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  say "Installing ${missing[*]}"
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}" >&2
}

# On a system without apt: are the tools and headers there, wherever they came from?
check_dependencies() {
  local tool header missing=()
  for tool in "${CXX:-g++}" cmake ninja; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  for header in xtl/xtl_config.hpp xsimd/xsimd.hpp fmt/format.h cblas.h doctest/doctest.h nlohmann/json.hpp; do
    has_header "$header" || missing+=("<$header>")
  done
  has_header xtensor/xarray.hpp || has_header xtensor/containers/xarray.hpp || missing+=("<xtensor/xarray.hpp>")
  if ((${#missing[@]} == 0)); then return; fi
  say "Not found: ${missing[*]}"
  say "Packages are installed here by apt on Debian and Ubuntu only. Please install what these hold:"
  say "  ${xgrad_packages[*]}"
  say "(a compiler for C++20, CMake 3.22, Ninja, xtl, xtensor 0.24 or newer, xsimd, fmt, OpenBLAS, doctest,"
  say "nlohmann-json). If they are where CMake finds them and the compiler alone does not, set XGRAD_SKIP_SETUP=1."
  exit 1
}

has_header() {
  local directory
  for directory in "" openblas/ openblas-openmp/; do
    if echo "#include <$directory$1>" | "${CXX:-g++}" -std=c++20 -M -x c++ - >/dev/null 2>&1; then return; fi
  done
  return 1
}

# xgrad needs the C++20 of GCC 12; an older default gives way to g++-12 where apt has it.
check_compiler() {
  local compiler=${CXX:-g++} version
  if ! "$compiler" --version 2>/dev/null | grep -q 'Free Software Foundation'; then return; fi
  version=$("$compiler" -dumpversion)
  if ((${version%%.*} >= 12)); then return; fi
  if [[ -z ${CXX:-} ]] && command -v apt-get >/dev/null && apt-cache show g++-12 >/dev/null 2>&1; then
    install_packages g++-12
    export CXX=g++-12
    return
  fi
  say "$compiler is version $version; xgrad needs GCC 12 or newer (or a Clang of its time): set CXX to one."
  exit 1
}

setup_machine() {
  if [[ -n ${XGRAD_SKIP_SETUP:-} ]]; then return; fi
  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages "${xgrad_packages[@]}"
  else
    check_dependencies
  fi
  check_compiler
}

configure() {
  local preset=$1
  shift
  # Ninja configures again by itself when a CMake file changes.
  if [[ -f $xgrad_root/build/$preset/build.ninja && $# == 0 ]]; then return; fi
  (cd "$xgrad_root" && cmake --preset "$preset" "$@" >&2)
}

build() {
  cmake --build "$xgrad_root/build/$1" --target "$2" --parallel "$(nproc)" |
    sed -u -e '/Re-checking globbed directories/d' -e '/^ninja: no work to do/d' >&2
}
