import gzip
import json
import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.corpus import BLOCK, fingerprint, hash_of, join_groups, load, post_id, unmark
from pharmaspam.errors import CorpusError
from pharmaspam.records import Labelled, Post

ROWS = [
    {"id": "a", "text": "The pharmacist was kind.", "label": "legit", "lang": "en", "format": "text"},
    {"id": "b", "text": "Hi. ⟦buy xanax online⟧ now", "label": "illicit", "lang": "en", "format": "text", "pair": "p1"},
    {"id": "c", "text": "⟦Where can I get it?⟧", "label": "seeking", "lang": "en", "scenario": "plain"},
]


def write(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def labelled(text, *, group="", label="legit"):
    return Labelled(Post(text), label, group=group)


@pytest.mark.parametrize(
    ("marked", "text", "spans"),
    [
        ("plain", "plain", ()),
        ("a ⟦b⟧ c", "a b c", ((2, 3),)),
        ("⟦a⟧⟦b⟧", "ab", ((0, 1), (1, 2))),
        ("⟦⟧", "", ((0, 0),)),
        ("", "", ()),
    ],
)
def test_unmark(marked, text, spans):
    assert unmark(marked) == (text, spans)


@pytest.mark.parametrize("marked", ["⟦a", "a⟧", "⟦a⟦b⟧⟧", "⟧a⟦"])
def test_marks_that_do_not_pair(marked):
    with pytest.raises(ValueError, match=r"without|inside"):
        unmark(marked)


@given(pieces=st.lists(st.tuples(st.text(st.characters(exclude_characters="⟦⟧")), st.booleans())))
def test_unmark_finds_what_was_marked(pieces):
    text, spans = unmark("".join(f"⟦{piece}⟧" if marked else piece for piece, marked in pieces))
    assert text == "".join(piece for piece, _ in pieces)
    assert [text[start:end] for start, end in spans] == [piece for piece, marked in pieces if marked]


def test_json_lines(tmp_path):
    first, second, third = load([write(tmp_path / "forum.jsonl", *ROWS)])
    assert first.post == Post("The pharmacist was kind.", "text", "a")
    assert (first.label, first.lang, first.source) == ("legit", "en", "forum")
    assert second.post.text == "Hi. buy xanax online now"
    assert second.spans == ((4, 20),)
    assert (second.pair, second.group) == ("p1", "p1")
    assert (third.label, third.scenario, third.post.format) == ("seeking", "plain", "auto")


def test_the_same_rows_in_every_kind_of_file(tmp_path):
    frame = pd.DataFrame(ROWS)
    plain = write(tmp_path / "forum.jsonl", *ROWS)
    with gzip.open(tmp_path / "forum.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(plain.read_text(encoding="utf-8"))
    frame.to_csv(tmp_path / "forum.csv", index=False)
    frame.to_csv(tmp_path / "forum.tsv", index=False, sep="\t")
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "forum.parquet")
    loaded = [load([tmp_path / name]) for name in ("forum.jsonl", "forum.jsonl.gz", "forum.csv", "forum.tsv", "forum.parquet")]
    assert all(
        [(row.post, row.label, row.spans, row.pair) for row in rows] == [(row.post, row.label, row.spans, row.pair) for row in loaded[0]]
        for rows in loaded
    )


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("spam", "illicit"),
        ("1", "illicit"),
        (1, "illicit"),
        (True, "illicit"),
        ("Ham", "legit"),
        (0, "legit"),
        (False, "legit"),
        (1.0, "illicit"),
        (" LEGIT ", "legit"),
    ],
)
def test_aliases_of_labels(tmp_path, written, label):
    (row,) = load([write(tmp_path / "a.jsonl", {"text": "x", "label": written})])
    assert row.label == label


def test_spans_given_as_numbers(tmp_path):
    row = {"text": "buy xanax", "label": "illicit"}
    for spans in ([[0, 3]], [{"start": 0, "end": 3}], [{"score": 1.0, "text": "buy", "end": 3, "start": 0}]):
        (loaded,) = load([write(tmp_path / "a.jsonl", {**row, "spans": spans})])
        assert loaded.spans == ((0, 3),)


def test_a_post_longer_than_csv_takes_by_default(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "long " * 40_000 + ",legit\n", encoding="utf-8")
    assert len(load([path])[0].post.text) == 200_000


def test_lists_and_gaps_in_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    rows = [{"text": "buy xanax", "label": 1, "spans": [[0, 3], [4, 9]], "id": 0}, {"text": "hello", "label": None, "spans": None}]
    pd.DataFrame(rows[:1]).to_parquet(tmp_path / "a.parquet")
    (row,) = load([tmp_path / "a.parquet"])
    assert (row.spans, row.post.id) == (((0, 3), (4, 9)), "0")
    pd.DataFrame(rows).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(CorpusError, match=r"b\.parquet:2: no column 'label'"):
        load([tmp_path / "b.parquet"])


def test_neighbours_share_a_group_and_a_pair_is_one(tmp_path):
    rows = [{"text": f"text number {number}", "label": "legit"} for number in range(3 * BLOCK)]
    groups = [row.group for row in load([write(tmp_path / "a.jsonl", *rows)])]
    assert len(set(groups)) in (3, 4)
    assert max(groups.count(group) for group in groups) <= BLOCK


def test_the_same_text_with_one_label_is_kept_once(tmp_path):
    again = [{"text": "The  pharmacist was KIND.", "label": "legit"}, {"text": "The pharmacist was kind.", "label": "seeking"}]
    assert len(load([write(tmp_path / "a.jsonl", *ROWS, *again)])) == len(ROWS) + 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("{", "not JSON", id="not JSON"),
        pytest.param("[1]", "not an object", id="not an object"),
        pytest.param('{"label": "legit"}', "no column 'text'", id="no text"),
        pytest.param('{"text": "x"}', "no column 'label'", id="no label"),
        pytest.param('{"text": "x", "label": "maybe"}', 'label "maybe" is not "legit", "seeking" or "illicit"', id="unknown label"),
        pytest.param('{"text": "x", "label": "legit", "format": "rtf"}', 'format "rtf" is not one of', id="unknown format"),
        pytest.param('{"text": "⟦x", "label": "illicit"}', "spans cannot be used", id="open mark"),
        pytest.param('{"text": "x", "label": "illicit", "spans": [[0, 9]]}', "a span lies outside the text", id="span outside"),
        pytest.param('{"text": "x", "label": "illicit", "spans": [{"end": 1}]}', "spans cannot be used", id="span without a start"),
        pytest.param('{"text": ["x"], "label": "legit"}', "text is not one value", id="text in a list"),
        pytest.param("[" * 100_000, "not JSON", id="nested beyond sense"),
        pytest.param('{"text": "x", "label": "illicit", "spans": [["a", "b"]]}', "spans cannot be used", id="span of letters"),
        pytest.param('{"text": "x", "label": "illicit", "spans": [1]}', "spans cannot be used", id="span of one number"),
        pytest.param('{"text": "x", "label": "illicit", "spans": 5}', "spans cannot be used", id="no list of spans"),
        pytest.param('{"text": null, "label": "illicit"}', "text", id="no text in the cell"),
    ],
)
def test_a_bad_row_is_named_or_skipped(tmp_path, line, complaint):
    path = write(tmp_path / "forum.jsonl", ROWS[0])
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(CorpusError) as caught:
        load([path])
    message = str(caught.value)
    assert message.startswith(f"{path}:2: ")
    assert complaint in message
    assert "\n" not in message
    told = []
    assert len(load([path], skip_bad=True, warn=told.append)) == 1
    assert told == [message]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        pytest.param("a.jsonl", None, "no such file", id="missing"),
        pytest.param("a.docx", b"x", "unknown kind of file", id="unknown kind"),
        pytest.param("a.jsonl", b"\xff\xfe{}", "cannot be read", id="not UTF-8"),
        pytest.param("a.jsonl.gz", b"no gzip", "cannot be read", id="not gzip"),
        pytest.param("a.jsonl.gz", gzip.compress(b'{"text": "x", "label": "legit"}\n' * 50)[:-20], "cannot be read", id="cut off"),
        pytest.param("a.jsonl.gz", gzip.compress(b"x")[:10] + b"\x07damaged", "cannot be read", id="damaged"),
        pytest.param("a.parquet", b"no parquet", "cannot be read", id="not Parquet"),
        pytest.param("a.csv", b"body,kind\nx,legit\n", "no column 'text'", id="wrong columns"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path, name, content, complaint):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        load([path])
    message = str(caught.value)
    assert message.startswith(str(path))
    assert complaint in message
    assert "\n" not in message


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(CorpusError, match="is a folder"):
        load([tmp_path / "a.jsonl"])


def test_near_duplicates_share_a_group():
    words = [
        "my",
        "doctor",
        "lowered",
        "the",
        "dose",
        "a",
        "little",
        "at",
        "a",
        "time",
        "and",
        "when",
        "it",
        "was",
        "too",
        "fast",
        "we",
        "went",
        "back",
        "one",
        "step",
    ]
    near = [*words[:-1], "stair"]
    other = [
        "the",
        "pharmacy",
        "had",
        "none",
        "left",
        "so",
        "the",
        "pharmacist",
        "phoned",
        "three",
        "others",
        "and",
        "one",
        "of",
        "them",
        "kept",
        "a",
        "pack",
    ]
    first, second, third = join_groups([labelled(" ".join(text), group=name) for name, text in (("a", words), ("b", near), ("c", other))])
    assert first.group == second.group != third.group


def test_groups_join_through_a_third():
    posts = [labelled("one", group="a"), labelled("two", group="a"), labelled("three", group="b")]
    assert [post.group for post in join_groups(posts)] == ["a", "a", "b"]


def test_ids_and_hashes_are_stable():
    assert post_id("buy xanax") == "".join(post_id("buy xanax"))
    assert post_id("\ud800") != post_id("\udfff")
    assert hash_of("a") == 0x40F89E395B66422F
    assert len(post_id("")) == 12


def test_fingerprint_does_not_depend_on_order_and_depends_on_labels():
    posts = [labelled(f"text {number}") for number in range(20)]
    shuffled = random.Random(3).sample(posts, len(posts))
    assert fingerprint(posts) == fingerprint(shuffled)
    assert fingerprint(posts) != fingerprint([labelled("text 0", label="illicit"), *posts[1:]])
