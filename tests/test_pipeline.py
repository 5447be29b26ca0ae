import itertools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer

from pharmaspam.features import context_features, token_tags, word_features
from pharmaspam.lexicon import to_rows
from pharmaspam.model import ARRAYS, Model
from pharmaspam.pipeline import WindowTfidf, view_pipeline
from pharmaspam.reading import Reader, sentences
from pharmaspam.scorer import Scorer
from pharmaspam.views import NORM, RADIUS, SMOOTH, TARGETS, VIEWS, around

COUNTS = sparse.csr_matrix(np.array([[1, 0, 2, 0], [0, 1, 1, 0], [1, 1, 1, 0], [1, 0, 0, 1]], dtype=float))


def test_tfidf_by_hand():
    tfidf = WindowTfidf(min_posts=1).fit(COUNTS)
    idf = np.log(5 / (1 + np.array([3, 2, 3, 1]))) + 1
    assert_allclose(tfidf.idf_, idf)
    row = tfidf.transform(COUNTS[0]).toarray()[0]
    assert_allclose(row, np.array([1, 0, 2, 0]) * idf / np.sqrt(idf[0] ** 2 + 2 * idf[2] ** 2))


def test_tfidf_is_the_usual_one_where_no_feature_comes_twice():
    once = (COUNTS > 0).astype(float)
    ours = WindowTfidf(min_posts=1).fit_transform(once)
    theirs = TfidfTransformer().fit_transform(once)
    assert_allclose(ours.toarray(), theirs.toarray())


def test_features_of_few_rows_count_nothing():
    tfidf = WindowTfidf(min_posts=2).fit(COUNTS)
    assert tfidf.idf_[3] == 0
    assert (tfidf.idf_[:3] > 0).all()


def test_features_apart_have_a_weight_and_no_part_in_the_norm():
    row = WindowTfidf(min_posts=1, apart=np.array([True, False, False, False])).fit(COUNTS).transform(COUNTS[0]).toarray()[0]
    idf = np.log(5 / 4) + 1
    assert_allclose(row, [1 / np.sqrt(2), 0, np.sqrt(2), 0])
    assert_allclose(
        WindowTfidf(min_posts=1, smooth=4.0).fit(COUNTS).transform(COUNTS[0]).toarray()[0],
        [idf / np.sqrt(3 * idf**2 + 4), 0, 2 * idf / np.sqrt(3 * idf**2 + 4), 0],
    )


def test_scale_is_a_factor_on_idf():
    scaled = WindowTfidf(min_posts=1, scale=[2.0, 1.0, 1.0, 0.5]).fit(COUNTS)
    assert_allclose(scaled.idf_, WindowTfidf(min_posts=1).fit(COUNTS).idf_ * [2.0, 1.0, 1.0, 0.5])


def test_a_row_of_nothing_stays_nothing():
    tfidf = WindowTfidf(min_posts=1).fit(COUNTS)
    assert tfidf.transform(sparse.csr_matrix((1, 4))).nnz == 0


def test_conventions_of_the_estimator():
    tfidf = WindowTfidf(min_posts=2, scale=[1.0, 2.0, 3.0, 4.0])
    assert tfidf.get_params() == {"min_posts": 2, "scale": [1.0, 2.0, 3.0, 4.0], "apart": None, "smooth": 0.0}
    copy = clone(tfidf)
    assert copy.get_params() == tfidf.get_params()
    assert tfidf.set_params(min_posts=1) is tfidf
    with pytest.raises(NotFittedError):
        WindowTfidf().transform(COUNTS)
    before = COUNTS.copy()
    assert tfidf.fit(COUNTS) is tfidf
    first = tfidf.transform(COUNTS)
    assert_array_equal(before.toarray(), COUNTS.toarray())
    assert_array_equal(first.toarray(), tfidf.fit(COUNTS).transform(COUNTS).toarray())
    assert_array_equal(first[::-1].toarray(), tfidf.transform(COUNTS[::-1]).toarray())
    assert tfidf.n_features_in_ == 4
    assert repr(tfidf).startswith("WindowTfidf(")


def windows(reader, post):
    """The windows of a post by view, each as the names of its features."""
    lexicon = reader.lexicon
    reading = reader.read(post)
    tags = token_tags(reading, lexicon)
    names = [
        [*word_features(word, lexicon), *context] for word, context in zip(reading.words, context_features(reading, tags), strict=True)
    ]
    position = np.concatenate([[0.0], np.cumsum([word.width for word in reading.words])])[:-1]

    def join(first, last):
        return [name for token in names[first:last] for name in token]

    found = {"post": [join(0, len(names))], "sentence": [join(*pair) for pair in sentences(reading)]}
    for view, radius in RADIUS.items():
        found[view] = [join(*pair) for pair in zip(*around(position, radius), strict=True)]
    return reading, found


@pytest.fixture(scope="module")
def exact(trained, lexicon):
    """The small model before its weights are rounded."""
    weights = trained.weights
    arrays = {name: np.asarray(getattr(weights, name)) for name in ARRAYS}
    return Model("exact", weights.names, to_rows(lexicon), arrays, trained.thresholds)


def reference(model, view, column):
    """The scikit-learn pipeline of one view and target, made of a model's arrays."""
    table = np.asarray(model.arrays["table"], dtype=float)
    # Rounding is done once: the table's own column of squared idf is what counts.
    idf = np.sqrt(table[:, NORM["post"]])
    tfidf = WindowTfidf(apart=table[:, NORM[view]] == 0, smooth=SMOOTH)
    tfidf.idf_ = idf
    index = VIEWS.index(view)
    return view_pipeline(model.names, tfidf, table[:, 2 * index + column] / idf, model.arrays["bias"][index, column])


def compare(model, lexicon, posts):
    reader, scorer = Reader(lexicon), Scorer(model, lexicon)
    for column, view in itertools.product(range(len(TARGETS)), VIEWS):
        pipeline = reference(model, view, column)
        for post in posts:
            reading, found = windows(reader, post)
            ours = np.atleast_2d(getattr(scorer.see(reading).seen, view))[:, column]
            assert_allclose(ours, pipeline.decision_function(found[view]), rtol=0, atol=1e-9, err_msg=f"{view} {post.id}")
            assert_allclose(1 / (1 + np.exp(-ours)), pipeline.predict_proba(found[view])[:, 1], rtol=0, atol=1e-9)


def test_the_scorer_gives_the_evidence_of_the_reference_pipelines(exact, lexicon, posts):
    compare(exact, lexicon, [post.post for post in posts])


def test_the_model_as_it_is_saved_gives_it_too(detector, lexicon, posts):
    compare(detector.model, lexicon, [post.post for post in posts[::5]])


def test_the_released_model_gives_it_too(released, posts):
    compare(released.model, released.reader.lexicon, [post.post for post in posts[::12]])


def test_idf_and_its_squares_are_one(detector):
    squares = detector.model.arrays["table"][:, NORM["post"]]
    assert_allclose(squares, detector.model.arrays["idf"].astype(float) ** 2, rtol=1e-6)


def test_the_reference_pipeline_goes_into_a_notebook_and_back(exact):
    pipeline = reference(exact, "wide", 0)
    assert list(pipeline.named_steps) == ["counts", "tfidf", "linear"]
    again = pickle.loads(pickle.dumps(pipeline))
    assert_array_equal(again.decision_function([["w:xanax"]]), pipeline.decision_function([["w:xanax"]]))
    assert clone(pipeline).get_params()["tfidf__smooth"] == SMOOTH
