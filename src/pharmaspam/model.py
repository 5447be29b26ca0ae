"""A model on disk: a folder of numbers and text, nothing that runs.

`FORMAT` counts the layouts. To raise it: write the new layout in `save`, keep the old reading in `_read` behind its number,
put a small model of the old format under `tests/data/formats/<number>/`, and say in the changelog what changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pharmaspam.errors import ModelError
from pharmaspam.lexicon import Row

FORMAT: Final = 1
PARTS: Final = ("lexicon.tsv", "vocabulary.txt", "weights.npz")
ARRAYS: Final = ("table", "idf", "bias", "posts_mean", "posts_scale", "posts_coef", "posts_bias", "tokens_coef", "tokens_bias")
_LIMIT = 1 << 30  # no part of a model is larger than this


@dataclass(slots=True)
class Model:
    """What a model folder holds.

    names : feature names by row of `arrays["table"]`; lexicon : the rows of `lexicon.to_rows`
    arrays : see `training.Weights`; thresholds : review, block, seeking
    facts : the rest of the manifest (versions, parameters, data fingerprints, metrics, date)
    """

    name: str
    names: list[str]
    lexicon: tuple[Row, ...]
    arrays: dict[str, NDArray[Any]]
    thresholds: dict[str, float]
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path, card: str = "") -> None:
        """Write the folder under a temporary name, then rename it into place; an older one there is replaced."""
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            parts = {
                "lexicon.tsv": "\n".join("\t".join(row) for row in self.lexicon).encode(),
                "vocabulary.txt": "\n".join(self.names).encode("utf-8", "surrogatepass"),
                "weights.npz": _packed(self.arrays),
            }
            for name, content in parts.items():
                (scratch / name).write_bytes(content)
            manifest = {
                "format": FORMAT,
                "name": self.name,
                "thresholds": self.thresholds,
                **self.facts,
                "parts": {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in parts.items()},
            }
            (scratch / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            if card:
                (scratch / "CARD.md").write_text(card, encoding="utf-8")
            scratch.chmod(0o755)
            _swap(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _swap(scratch: Path, folder: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
        os.replace(folder, old / folder.name)
        try:
            os.replace(scratch, folder)
        except BaseException:
            os.replace(old / folder.name, folder)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(scratch, folder)


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    named: dict[str, Any] = {name: np.asarray(arrays[name]) for name in ARRAYS}
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder, its format checked. Raises ModelError."""
    path = Path(folder) / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: no model there (no manifest.json); name a folder like models/2026-11-24") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); restore the folder from where it came") from error
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise ModelError(f"{path}: not a pharmaspam manifest; name another folder")
    if manifest["format"] > FORMAT:
        raise ModelError(f"{path}: format {manifest['format']} is newer than {FORMAT}; upgrade pharmaspam")
    if manifest["format"] < 1:
        raise ModelError(f"{path}: format {manifest['format']} was never written; restore the folder from where it came")
    return manifest


def load(folder: Path) -> Model:
    """Read a model folder: manifest, format, hashes, then numbers and text. Nothing in it is ever executed.

    Raises ModelError for a missing, damaged, foreign or future model.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    parts = {}
    for name in PARTS:
        listed = manifest["parts"].get(name) if isinstance(manifest.get("parts"), dict) else None
        try:
            if (folder / name).stat().st_size > _LIMIT:
                raise ModelError(f"{folder / name}: larger than any model; restore the folder from where it came")
            content = (folder / name).read_bytes()
        except OSError as error:
            raise ModelError(f"{folder / name}: cannot be read ({error.strerror}); restore the folder from where it came") from error
        if not isinstance(listed, dict) or hashlib.sha256(content).hexdigest() != listed.get("sha256"):
            raise ModelError(f"{folder / name}: does not match its SHA-256 in the manifest; restore the folder from where it came")
        parts[name] = content
    try:
        with np.load(io.BytesIO(parts["weights.npz"]), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in ARRAYS}
        rows = tuple(tuple(line.split("\t")) for line in parts["lexicon.tsv"].decode().split("\n") if line)
        names = parts["vocabulary.txt"].decode("utf-8", "surrogatepass").split("\n")
        thresholds = {key: float(manifest["thresholds"][key]) for key in ("review", "block", "seeking")}
    except (KeyError, ValueError, TypeError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise ModelError(f"{folder}: its parts do not fit together ({error}); restore the folder from where it came") from error
    if not 0.0 <= thresholds["review"] <= thresholds["block"] <= 1.0 or not 0.0 <= thresholds["seeking"] <= 1.0:
        raise ModelError(f"{folder}: its thresholds are no probabilities; restore the folder from where it came")
    if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays.values()):
        raise ModelError(f"{folder}: some of its weights are no numbers; restore the folder from where it came")
    if len(names) != len(arrays["table"]):
        raise ModelError(f"{folder}: {len(names)} names for {len(arrays['table'])} weights; restore the folder from where it came")
    facts = {key: value for key, value in manifest.items() if key not in ("format", "name", "thresholds", "parts")}
    return Model(str(manifest.get("name", folder.name)), names, rows, arrays, thresholds, facts)


def models_folder() -> Path:
    """Where models live: beside the package in a wheel, at the top of the project in a checkout."""
    inside = Path(__file__).parent / "models"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def current(folder: Path | None = None) -> Path:
    """The model folder that `CURRENT` names. Raises ModelError where it names none."""
    folder = folder or models_folder()
    try:
        name = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ModelError(f"{folder}: no CURRENT in it; train a model and promote it, or name one with --model") from error
    if not name or "/" in name or name.startswith("."):
        raise ModelError(f"{folder / 'CURRENT'}: names {name!r}; write the name of a model folder beside it")
    return folder / name


def promote(name: str, folder: Path | None = None) -> None:
    """Make `name` the current model, in one rename. Raises ModelError where it is no loadable model."""
    folder = folder or models_folder()
    load(folder / name)
    scratch = folder / f".CURRENT.{os.getpid()}"
    scratch.write_text(name + "\n", encoding="utf-8")
    os.replace(scratch, folder / "CURRENT")
