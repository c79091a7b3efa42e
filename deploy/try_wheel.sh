#!/bin/sh
# Install a wheel into a new environment that sees the locked packages of another one, and run its command from a
# folder that holds a stray `data`: what is imported must be the wheel's.
#
#   deploy/try_wheel.sh PYTHON WHEEL
set -eu

python=$(realpath "$1" --no-symlinks)
wheel=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/venv"
locked=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
own=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "$wheel"
# The other environment's packages, without its .pth files: an editable install there must not be found.
echo "import sys; sys.path.append('$locked')" > "$own/locked.pth"

mkdir -p "$work/elsewhere/data"
echo "raise ImportError('the stray data folder was imported')" > "$work/elsewhere/data/__init__.py"
cd "$work/elsewhere"
"$work/venv/bin/shortlist" --version
"$work/venv/bin/shortlist" doctor --home "$work/home"
"$work/venv/bin/shortlist" versions --home "$work/home"
printf 'user_id,item_id,timestamp,event_type\nu1,p1,2026-01-01T10:00:00Z,purchase\nu2,p1,2026-01-02T10:00:00Z,purchase\n' > events.csv
"$work/venv/bin/shortlist" import --events events.csv --home "$work/home"
"$work/venv/bin/shortlist" train --home "$work/home"
"$work/venv/bin/shortlist" publish latest --home "$work/home"
"$work/venv/bin/shortlist" recommend --users all --k 5 --out lists.csv --home "$work/home"
cat lists.csv
