"""Clients as users generate them from an OpenAPI document, compiled, with a small program of ours
(`clients/`).

Kept in `build/clients` by a hash of all that decides them; run as a program, it makes those of this
tree and of the last release.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import corpus

from devservers.jars import cache, copied
from gateway.contracts.openapi import openapi

ROOT = Path(__file__).parent.parent
SOURCES = Path(__file__).parent / "clients"
KEPT = ROOT / "build" / "clients"
GENERATORS = {
    "python": {"generatorName": "python"},
    "okhttp": {"generatorName": "java", "library": "okhttp-gson"},
    "native": {"generatorName": "java", "library": "native"},
    "typescript": {"generatorName": "typescript-fetch"},
}
# What Java's generators made of 0.1.0's document never compiled (native, sets of enumerations) or
# refuses each field that came since (okhttp, closed answers). Of the next release all will do.
OF_RELEASED = ("python", "typescript")
# half of the time went to Java's second compiler
JAVA = ("java", "-XX:TieredStopAtLevel=1")
NODE = Path(sys.executable).with_name("node")
# Optional parameters of okhttp's calls are named so, whatever the next release adds; and answers
# are open, which its code denies where a document says nothing. A document that said it would break
# the native library: its classes become maps, whose fields are neither read nor sent.
OKHTTP = {"useSingleRequestParameter": "true", "disallowAdditionalPropertiesIfNotPresent": "false"}


def document() -> bytes:
    """The OpenAPI document of this tree."""
    return json.dumps(openapi(), ensure_ascii=False).encode()


def released() -> bytes:
    """That of the last release."""
    return corpus.DOCUMENT.read_bytes()


def made(text: bytes, languages: tuple[str, ...]) -> Path:
    """The folder with a client in each language, made where it is not there yet.

    Raises: AssertionError where a document cannot be generated from or a client does not compile;
    FileNotFoundError where a tool is missing; StartFailed.
    """
    ours = b"".join(path.read_bytes() for path in (*sorted(SOURCES.iterdir()), Path(__file__)))
    folder = KEPT / hashlib.sha256(text + ours + repr(languages).encode()).hexdigest()[:16]
    if folder.exists():
        return folder
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        whole = Path(scratch, "whole")
        _generate(text, languages, whole)
        for language in languages:
            _COMPILE[language](whole / language)
        try:
            whole.rename(folder)
        except OSError:  # another process was faster
            if not folder.exists():
                raise
    return folder


def command(folder: Path, language: str) -> list[str]:
    """What runs a language's program; its arguments follow."""
    client = folder / language
    if language == "python":
        return [sys.executable, str(client / "program.py")]
    if language == "typescript":
        return [str(NODE), str(client / "out" / "program.js")]
    return [*JAVA, "-cp", f"{client / 'out'}{os.pathsep}{_classes()}", language.capitalize()]


def _jars() -> Path:
    pom = SOURCES / "clients.pom"
    return copied(pom, cache() / f"clients-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}")


def _tool(name: str) -> str:
    return str(next(_jars().glob(f"{name}-*.jar")))


def _classes() -> str:
    tools = ("openapi-generator-cli", "ecj")
    jars = [str(jar) for jar in sorted(_jars().glob("*.jar")) if not jar.name.startswith(tools)]
    return os.pathsep.join(jars)


def _generate(text: bytes, languages: tuple[str, ...], folder: Path) -> None:
    """One process of Java for all languages."""
    folder.mkdir()
    (folder / "openapi.json").write_bytes(text)
    settings = []
    for language in languages:
        without = ("apiTests", "modelTests", "apiDocs", "modelDocs")
        setting = GENERATORS[language] | {
            "inputSpec": str(folder / "openapi.json"),
            "outputDir": str(folder / language),
            "globalProperties": dict.fromkeys(without, "false"),
            "additionalProperties": OKHTTP if language == "okhttp" else {},
        }
        (folder / f"{language}.json").write_text(json.dumps(setting))
        settings.append(str(folder / f"{language}.json"))
    _run(*JAVA, "-jar", _tool("openapi-generator-cli"), "batch", "--threads", "2", *settings)


def _compile_java(client: Path) -> None:
    program = SOURCES / f"{client.name.capitalize()}.java"
    sources = [str(client / "src" / "main" / "java"), str(program)]
    how = ["-17", "-nowarn", "-proc:none", "-encoding", "UTF-8", "-cp", _classes()]
    _run(*JAVA, "-jar", _tool("ecj"), *how, "-d", str(client / "out"), *sources)


def _compile_python(client: Path) -> None:
    shutil.copy(SOURCES / "program.py", client)


def _compile_typescript(client: Path) -> None:
    shutil.copy(SOURCES / "program.ts", client)
    compiler = ROOT / "services" / "portal" / "node_modules" / "typescript-7" / "bin" / "tsc"
    how = ["--module", "commonjs", "--target", "es2022", "--strict", "--outDir"]
    _run(str(NODE), str(compiler), *how, str(client / "out"), str(client / "program.ts"))


_COMPILE: dict[str, Callable[[Path], None]] = {
    "python": _compile_python,
    "okhttp": _compile_java,
    "native": _compile_java,
    "typescript": _compile_typescript,
}


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{words[:6]}:\n{(done.stdout + done.stderr)[-4000:]}"


if __name__ == "__main__":
    made(document(), tuple(GENERATORS))
    made(released(), OF_RELEASED)
