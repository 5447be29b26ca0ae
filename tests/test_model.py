import hashlib
import io
import json
import os
import shutil

import numpy as np
import pytest

from pharmaspam import model as models
from pharmaspam.detector import Detector
from pharmaspam.errors import ModelError
from pharmaspam.model import ARRAYS, FORMAT, PARTS, current, load, promote, read_manifest


@pytest.fixture(scope="module")
def saved(detector, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    detector.model.save(folder, card="# Small\n")
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "models" / "small")


def rewrite(folder, **changes):
    """Change the manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest.update(changes)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def replace(folder, name, content):
    """Another part in place of `name`, its hash in the manifest made to fit."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["parts"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    rewrite(folder, parts=manifest["parts"])


def test_a_folder_holds_numbers_and_text(saved):
    assert sorted(path.name for path in saved.iterdir()) == sorted([*PARTS, "CARD.md", "manifest.json"])
    with np.load(saved / "weights.npz", allow_pickle=False) as packed:
        assert set(packed.files) == set(ARRAYS)
        assert {packed[name].dtype.kind for name in ARRAYS} == {"f"}
    for name in set(PARTS) - {"weights.npz"}:
        (saved / name).read_text(encoding="utf-8")


def test_the_manifest_tells_where_the_model_comes_from(saved):
    manifest = read_manifest(saved)
    assert manifest["format"] == FORMAT
    assert manifest["name"] == "small"
    assert set(manifest["thresholds"]) == {"review", "block", "seeking"}
    assert manifest["data"]["posts"] == 48
    assert set(manifest["data"]["sources"]) == {"forum", "mail"}
    assert manifest["versions"].keys() >= {"pharmaspam", "scikit-learn", "spacy"}
    assert manifest["params"]["seed"] == 0
    for name in PARTS:
        content = (saved / name).read_bytes()
        assert manifest["parts"][name] == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_save_and_load_give_the_same_scores_bit_for_bit(detector, saved, posts):
    again = Detector.load(saved)
    assert [again.score(post.post) for post in posts] == [detector.score(post.post) for post in posts]


def test_save_load_save_gives_the_same_files(saved, tmp_path):
    load(saved).save(tmp_path / "again", card="# Small\n")
    for name in (*PARTS, "CARD.md"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes(), name
    assert read_manifest(tmp_path / "again") == read_manifest(saved)


def spoil(name):
    def damage(folder):
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return damage


def cut(name):
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size // 2)


def lose(name):
    return lambda folder: (folder / name).unlink()


def pickled(folder):
    buffer = io.BytesIO()
    arrays = {name: np.array([print], dtype=object) for name in ARRAYS}
    np.savez(buffer, **arrays)
    replace(folder, "weights.npz", buffer.getvalue())


def misshapen(folder):
    with np.load(folder / "weights.npz") as packed:
        arrays = {name: packed[name] for name in ARRAYS}
    arrays["table"] = arrays["table"][:, :3]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    replace(folder, "weights.npz", buffer.getvalue())


def endless(folder):
    with np.load(folder / "weights.npz") as packed:
        arrays = {name: packed[name] for name in ARRAYS}
    arrays["bias"] = arrays["bias"] * np.nan
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    replace(folder, "weights.npz", buffer.getvalue())


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        *(pytest.param(spoil(name), "does not match its SHA-256", id=f"{name} tampered with") for name in PARTS),
        *(pytest.param(cut(name), "does not match its SHA-256", id=f"{name} cut off") for name in PARTS),
        *(pytest.param(lose(name), "cannot be read", id=f"{name} missing") for name in PARTS),
        pytest.param(lose("manifest.json"), "no model there", id="manifest missing"),
        pytest.param(cut("manifest.json"), "cannot be read", id="manifest cut off"),
        pytest.param(
            lambda folder: (folder / "manifest.json").write_text("[]"), "not a pharmaspam manifest", id="manifest of another kind"
        ),
        pytest.param(
            lambda folder: (folder / "manifest.json").write_text('{"name": "x"}'), "not a pharmaspam manifest", id="foreign manifest"
        ),
        pytest.param(lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe"), "cannot be read", id="manifest not text"),
        pytest.param(
            lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "cannot be read", id="manifest nested beyond sense"
        ),
        pytest.param(lambda folder: rewrite(folder, format=FORMAT + 1), "is newer than 1; upgrade pharmaspam", id="from the future"),
        pytest.param(lambda folder: rewrite(folder, format=0), "was never written", id="format zero"),
        pytest.param(lambda folder: rewrite(folder, format=True), "not a pharmaspam manifest", id="format is no number"),
        pytest.param(lambda folder: rewrite(folder, parts={}), "does not match its SHA-256", id="no hashes"),
        pytest.param(lambda folder: rewrite(folder, parts=[]), "does not match its SHA-256", id="hashes of another kind"),
        pytest.param(lambda folder: rewrite(folder, thresholds={}), "do not fit together", id="no thresholds"),
        pytest.param(
            lambda folder: rewrite(folder, thresholds={"review": 2, "block": 3, "seeking": 4}),
            "threshold",
            id="thresholds that are no probabilities",
        ),
        pytest.param(lambda folder: replace(folder, "vocabulary.txt", b"w:one\nw:two"), "2 names for", id="too few names"),
        pytest.param(lambda folder: replace(folder, "vocabulary.txt", b"\xff"), "do not fit together", id="names that are no text"),
        pytest.param(lambda folder: replace(folder, "lexicon.tsv", b"drug\txanax"), "do not fit together", id="lexicon of another shape"),
        pytest.param(lambda folder: replace(folder, "weights.npz", b"PK\x03\x04"), "do not fit together", id="weights that are none"),
        pytest.param(pickled, "do not fit together", id="weights that would run code"),
        pytest.param(misshapen, "do not fit together", id="weights of another shape"),
        pytest.param(endless, "are no numbers", id="weights that are no numbers"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(folder, damage, complaint):
    damage(folder)
    with pytest.raises(ModelError) as caught:
        Detector.load(folder)
    message = str(caught.value)
    assert complaint in message
    assert str(folder) in message
    assert "\n" not in message


def test_a_part_larger_than_any_model_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(models, "_LIMIT", 10)
    with pytest.raises(ModelError, match="larger than any model"):
        load(folder)


def test_nothing_there(tmp_path):
    with pytest.raises(ModelError, match="no model there"):
        load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError):
        load(tmp_path / "file")


def test_an_interrupted_save_leaves_the_old_folder(folder, detector, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "_packed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        detector.model.save(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


def test_a_save_that_cannot_be_put_in_place_brings_the_old_folder_back(folder, detector, monkeypatch):
    moves = []
    really = os.replace

    def refuse(source, target):
        moves.append(target)
        if len(moves) == 2:
            raise OSError("disk full")
        really(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        detector.model.save(folder)
    monkeypatch.undo()
    assert load(folder).name == "small"
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


def test_a_save_replaces_an_older_folder(folder, detector):
    (folder / "stray").write_text("old")
    detector.model.save(folder)
    assert not (folder / "stray").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["small"]
    assert load(folder).thresholds == detector.model.thresholds


def test_current_names_the_model_in_use(folder):
    home = folder.parent
    with pytest.raises(ModelError, match="no CURRENT in it; train a model and promote it"):
        current(home)
    promote("small", home)
    assert current(home) == folder
    assert (home / "CURRENT").read_text() == "small\n"
    assert sorted(path.name for path in home.iterdir()) == ["CURRENT", "small"]


@pytest.mark.parametrize("name", ["", "../small", ".hidden", "a/b", ".."])
def test_current_names_a_folder_beside_it(folder, name):
    (folder.parent / "CURRENT").write_text(name + "\n")
    with pytest.raises(ModelError, match="write the name of a model folder beside it"):
        current(folder.parent)


def test_only_a_model_that_loads_is_promoted(folder):
    promote("small", folder.parent)
    shutil.copytree(folder, folder.parent / "bad")
    spoil("weights.npz")(folder.parent / "bad")
    for name in ("bad", "nowhere"):
        with pytest.raises(ModelError):
            promote(name, folder.parent)
    assert current(folder.parent) == folder


def test_a_model_error_is_a_value_error():
    assert issubclass(ModelError, ValueError)


def test_the_released_model_is_whole(released):
    assert released.model.facts["data"]["posts"] > 3000
    assert (current() / "CARD.md").read_text(encoding="utf-8").strip()
