"""Writes what an image holds as CycloneDX 1.6 on standard output: its Python packages and Debian's.

    python sbom.py /opt/tapeline/bin/python > sbom.cdx.json

It runs while the image is built, in an environment with cyclonedx-bom, which reads another environment's packages.
"""

import json
import os
import subprocess
import sys
from typing import Any, Dict, List
from urllib.parse import quote

FORM = "${Package}\t${Version}\t${Architecture}\t${db:Status-Status}\n"


def debian_components(listing: str) -> List[Dict[str, Any]]:
    """Reads installed packages from what `dpkg-query` writes in `FORM`."""
    rows = [line.split("\t") for line in listing.splitlines()]
    return [
        {
            "type": "library",
            "bom-ref": f"deb:{name}:{architecture}",
            "name": name,
            "version": version,
            "purl": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}",
        }
        for name, version, architecture, status in rows
        if status == "installed"
    ]


def main(arguments: List[str]) -> int:
    """Writes the bill of materials of the environment whose Python is named; returns an exit status."""
    tool = os.path.join(os.path.dirname(sys.executable), "cyclonedx-py")
    options = ["--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON"]
    bill = json.loads(subprocess.check_output([tool, "environment", *options, *arguments]))
    listing = subprocess.check_output(["dpkg-query", "--show", "--showformat", FORM], encoding="utf-8")
    bill.setdefault("components", []).extend(debian_components(listing))
    json.dump(bill, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
