"""Builds the image from `services/Dockerfile` without any registry: its base is a Debian made by
debootstrap.

`python services/image/making.py [TAG]`: the base is made once and kept outside the checkout;
packages are reached as pip, uv and npm of this machine are configured to, handed to the build as
secrets.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
import engine

SUITE = "bookworm"
# What the official Python image of this suite has beyond a minimal Debian, of what we use.
PACKAGES = ("python3", "python3-venv", "ca-certificates", "tzdata")
BASE = f"localhost/eldercare-base:{SUITE}"
BULK = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/lib/apt/lists",
    "var/cache/apt",
    "var/log",
    "debootstrap",
)


def version() -> str:
    """Of the product."""
    return str(tomllib.loads((engine.ROOT / "pyproject.toml").read_text())["project"]["version"])


def make_base() -> None:
    """Makes the base image where the store has none; Debian comes from where this machine's own
    packages come from.
    """
    if engine.exists(BASE):
        return
    archive = engine.home() / f"{SUITE}.tar"
    if not archive.exists():
        asked = ["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)"]
        facts = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        sites = [line.split()[1] for line in facts.splitlines() if line.split()[:1] == [SUITE]]
        with tempfile.TemporaryDirectory(dir=engine.home()) as folder:
            made = Path(folder) / SUITE
            command = [
                "debootstrap",
                "--variant=minbase",
                f"--include={','.join(PACKAGES)}",
                SUITE,
                str(made),
                *sites[:1],
            ]
            subprocess.run(engine.quietly(command), check=True, stdout=subprocess.DEVNULL)
            for bulk in BULK:
                for entry in (made / bulk).glob("*") if (made / bulk).exists() else ():
                    shutil.rmtree(
                        entry
                    ) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
            draft = archive.with_suffix(".new")
            subprocess.run(
                [
                    "tar",
                    "--one-file-system",
                    "--sort=name",
                    "-C",
                    str(made),
                    "-cf",
                    str(draft),
                    ".",
                ],
                check=True,
            )
            draft.rename(archive)
    engine.run("podman", "import", str(archive), BASE)


def ways(folder: Path) -> dict[str, Path]:
    """How packages are reached from here, by the name of the build's secret; only what there is."""
    index = (
        os.environ.get("UV_DEFAULT_INDEX")
        or os.environ.get("PIP_INDEX_URL")
        or _pip("global.index-url")
    )
    if index:
        (folder / "uv.toml").write_text(f'index-url = "{index}"\n')
    conf = [
        Path(os.environ.get("PIP_CONFIG_FILE", "/nowhere")),
        Path.home() / ".config/pip/pip.conf",
        Path("/etc/pip.conf"),
    ]
    ca = [Path(os.environ.get(name, "/nowhere")) for name in ("SSL_CERT_FILE", "PIP_CERT")] + [
        Path("/etc/ssl/certs/ca-certificates.crt")
    ]
    known = {
        "ca": ca,
        "pip.conf": conf,
        "uv.toml": [folder / "uv.toml"],
        "npmrc": [Path.home() / ".npmrc"],
    }
    return {
        name: found
        for name, places in known.items()
        if (found := next((place for place in places if place.is_file()), None))
    }


def _pip(name: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", name],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


def build(tag: str) -> str:
    """Builds, prints how long it took, and returns the revision it bears. Raises:
    CalledProcessError.
    """
    epoch = subprocess.run(
        ["git", "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        cwd=engine.ROOT,
        check=True,
    ).stdout.strip()
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=engine.ROOT, check=True
    ).stdout.strip()
    created = datetime.fromtimestamp(int(epoch), UTC).isoformat()
    arguments = {
        "BASE": BASE,
        "VERSION": version(),
        "REVISION": revision,
        "CREATED": created,
        "SOURCE_DATE_EPOCH": epoch,
    }
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        given = [
            part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")
        ]
        given += [
            part
            for name, file in ways(Path(folder)).items()
            for part in ("--secret", f"id={name},src={file}")
        ]
        command = engine.command(
            "buildah",
            "bud",
            "--pull=never",
            "--layers",
            "--network=host",
            "--isolation=chroot",
            "--timestamp",
            epoch,
            *given,
            "-f",
            "services/Dockerfile",
            "-t",
            tag,
            ".",
        )
        subprocess.run(engine.quietly(command), check=True, cwd=engine.ROOT)
    size = json.loads(engine.run("podman", "image", "inspect", tag))[0]["Size"]
    print(
        f"{tag}: built in {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB, base {BASE}",
        flush=True,
    )
    return revision


def main(arguments: list[str]) -> None:
    tag = arguments[0] if arguments else f"localhost/eldercare:{version()}"
    if not re.fullmatch(r"[a-z0-9./_-]+:[\w.-]+", tag):
        raise SystemExit(f"tag: {tag} is not name:version")
    try:
        engine.ready()
    except engine.Missing as error:
        raise SystemExit(str(error)) from None
    make_base()
    build(tag)


if __name__ == "__main__":
    main(sys.argv[1:])
