"""Adds up what several test runs reported, and says what was skipped and why. Standard library only."""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET


def main(files: list[str]) -> None:
    """Print the skips by reason on the error stream, and `passed failed skipped` on the output."""
    passed = failed = 0
    skipped: Counter[str] = Counter()
    for file in files:
        root = ET.parse(file).getroot() if Path(file).exists() else ET.Element("nothing")  # noqa: S314  # our own report
        for case in root.iter("testcase"):
            outcomes = {child.tag: child for child in case}
            if outcomes.keys() & {"failure", "error"}:
                failed += 1
            elif "skipped" in outcomes:
                skipped[outcomes["skipped"].get("message", "")] += 1
            else:
                passed += 1
    for reason, count in skipped.most_common():
        sys.stderr.write(f"  skipped {count}: {reason}\n")
    sys.stdout.write(f"{passed} {failed} {skipped.total()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
