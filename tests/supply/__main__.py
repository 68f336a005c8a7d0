"""What others' packages bring: known weaknesses, licences.

python -m tests.supply audit       look the locked versions up in the advisory database of PyPI; ends with 1 where one
has a weakness
python -m tests.supply licences    write docs/licences.md from the installed packages
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.supply.licences import PAGE, page
from tests.supply.locks import LOCKS


def audit() -> int:
    worst = 0
    for lock in LOCKS:
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "-r",
            str(lock),
            "--disable-pip",
            "--no-deps",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            rows = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            print(
                f"{lock.name}: no advisory database can be reached from here ({done.stderr.strip().splitlines()[-1:]})"
            )
            continue
        known = [row for row in rows if "vulns" in row]
        weak = [(row, weakness) for row in known for weakness in row["vulns"]]
        for row, weakness in weak:
            print(
                f"{row['name']} {row['version']}: {weakness['id']}, mended in"
                f" {', '.join(weakness['fix_versions']) or 'no version'}"
            )
        reached = "" if known else "; the index here has no advisories: run it where PyPI can be reached"
        print(f"{lock.name}: {len(rows)} packages, {len(known)} looked up, {len(weak)} weaknesses{reached}")
        worst = max(worst, int(bool(weak)))
    return worst


def main() -> int:
    match sys.argv[1:]:
        case ["audit"]:
            return audit()
        case ["licences"]:
            PAGE.write_text(page(), encoding="utf-8")
            return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
