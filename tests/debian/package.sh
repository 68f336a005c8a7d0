#!/usr/bin/env bash
# The release in a bare Debian: wheel and sdist outside the repository, with ngspice as the only other need.
#
#   tests/debian/bare.sh bookworm tests/debian/package.sh        or trixie
set -euo pipefail

project=$PWD
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1
made=$(mktemp -d)
say() { echo "package.sh: $*"; }

apt-get update -qq
apt-get install -y -qq python3-venv > /dev/null 2>&1
python3 -m venv "$made"/maker
"$made"/maker/bin/pip install -q build
"$made"/maker/bin/python -m build -o "$made/dist" "$project" > /dev/null
say "built $(cd "$made/dist" && ls | tr '\n' ' ')on Debian $(cat /etc/debian_version), Python $(python3 -V)"

cd "$(mktemp -d)"
python3 -m venv bare
bare/bin/pip install -q "$made"/dist/*.whl
eda=$PWD/bare/bin/eda-agent

# without ngspice: one message that says what to install, exit status 3, no folder of a run
status=0
"$eda" size ldo 2> said || status=$?
cat said
[ "$status" = 3 ]
grep -q "apt install ngspice libngspice0" said
[ -z "$(ls runs 2> /dev/null)" ]

"$eda" doctor --fix
"$eda" doctor | grep "^✓ ngspice "

met() {
	"$eda" size "$@" 2>&1 | tee said
	grep -q "^✓ met" said
}
met ldo --out wheel
[ -s wheel/sized.spice ]
"$eda" report wheel

# a run of version 0.1.0 opens, goes on and reports
cp -r "$project/tests/fixtures/run/ota" old
grep -q '"version":"0.1.0"' old/journal.jsonl
"$eda" show old | grep "24 simulations"
{ "$eda" size old --resume --budget 26 2>&1 || true; } | grep "26 simulations"
"$eda" report old --no-sim

bare/bin/pip install -q --force-reinstall --no-deps "$made"/dist/*.tar.gz
met ota_5t --out sdist
say "wheel and sdist work"
