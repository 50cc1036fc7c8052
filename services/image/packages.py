"""Lists the Debian packages of the system that it runs in as CycloneDX: `python3 packages.py >
debian.cdx.json`.

It runs inside the base of the image, with nothing but Python and dpkg, and gives the same bytes for
the same packages.
"""

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

ASKED = ("Package", "Version", "Architecture", "source:Package", "source:Version")


def installed() -> list[dict[str, str]]:
    """What dpkg holds as installed, by name."""
    form = "\t".join(f"${{{name}}}" for name in ("db:Status-Status", *ASKED)) + "\n"
    facts = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={form}"], capture_output=True, text=True, check=True
    ).stdout
    rows = sorted(line.split("\t") for line in facts.splitlines())
    return [dict(zip(ASKED, row[1:], strict=True)) for row in rows if row[0] == "installed"]


def release(text: str) -> dict[str, str]:
    """The variables of os-release.

    >>> release('ID=debian\\nVERSION_ID="12"\\n\\n')
    {'ID': 'debian', 'VERSION_ID': '12'}
    """
    return {
        name: value.strip('"')
        for name, sign, value in (line.partition("=") for line in text.splitlines())
        if sign
    }


def component(package: dict[str, str], system: dict[str, str]) -> dict[str, object]:
    """One package; scanners find its advisories by the purl and by the source that it was built
    from.
    """
    name = package["Package"]
    version = package["Version"]
    place = f"{system['ID']}/{quote(name, safe='')}@{quote(version, safe='')}"
    distribution = f"{system['ID']}-{system['VERSION_ID']}"
    purl = f"pkg:deb/{place}?arch={package['Architecture']}&distro={distribution}"
    source = [
        {"name": f"debian:{asked}", "value": package[asked]}
        for asked in ("source:Package", "source:Version")
    ]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "properties": source,
    }


def bill(packages: list[dict[str, str]], system: dict[str, str]) -> dict[str, object]:
    """The whole document."""
    named = {"type": "operating-system", "name": system["ID"], "version": system["VERSION_ID"]}
    components = [component(package, system) for package in packages]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": named},
        "components": components,
    }


if __name__ == "__main__":
    print(json.dumps(bill(installed(), release(Path("/etc/os-release").read_text())), indent=1))
