"""The scikit-learn side: TF-IDF over windows, and a linear classifier behind it.

These estimators are the trainer and the reference; `scorer` gives the same log-odds faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

Floats = NDArray[np.float64]


class WindowTfidf(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """TF-IDF whose norm adds up over the tokens of a window.

    A row of counts becomes `count * idf / sqrt(sum(count * idf ** 2) + smooth)`. Where no feature comes twice that is the usual
    Euclidean norm; where one does, it is a little larger, and unlike that norm it is a difference of running sums.

    Parameters
    ----------
    min_posts : int
        Features of fewer rows in `fit` count nothing.
    scale : array of shape (n_features,) or None
        Factor on each feature's idf; one where None.
    apart : bool array of shape (n_features,) or None
        Features that have no part in the norm; none where None.
    smooth : float
        Added to the sum under the root, so that a window with next to nothing in it is not blown up.

    Attributes
    ----------
    idf_ : ndarray of shape (n_features,)
        `ln((1 + n) / (1 + df)) + 1`, scaled; zero for features that count nothing.
    """

    def __init__(self, min_posts: int = 3, scale: Any = None, apart: Any = None, smooth: float = 0.0) -> None:
        self.min_posts = min_posts
        self.scale = scale
        self.apart = apart
        self.smooth = smooth

    def fit(self, X: Any, y: Any = None) -> WindowTfidf:
        """Learn idf from rows of counts; `y` is ignored."""
        X = sparse.csr_matrix(X)
        frequency = np.bincount(X.indices[X.data != 0], minlength=X.shape[1])
        idf = np.log((1.0 + X.shape[0]) / (1.0 + frequency)) + 1.0
        scale = 1.0 if self.scale is None else np.asarray(self.scale, dtype=np.float64)
        self.idf_: Floats = np.where(frequency >= self.min_posts, idf * scale, 0.0)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> sparse.csr_matrix:
        """Rows of counts, weighted and normed; the input is left as it is."""
        check_is_fitted(self)
        X = sparse.csr_matrix(X, dtype=np.float64)
        counted = self.idf_ if self.apart is None else np.where(self.apart, 0.0, self.idf_)
        squares = np.asarray(X @ np.square(counted)).ravel() + self.smooth
        out = X @ sparse.diags(self.idf_)
        out = sparse.csr_matrix(out)
        out.data = out.data / np.repeat(np.sqrt(np.maximum(squares, 1e-9)), np.diff(out.indptr))
        return out


def feature_names(window: Sequence[str]) -> Sequence[str]:
    """The analyser of the reference pipeline: a window already is a list of feature names."""
    return window


def view_pipeline(vocabulary: Sequence[str], tfidf: WindowTfidf, coef: Floats, intercept: float) -> Pipeline:
    """A fitted Pipeline for one view and one target: lists of feature names in, probabilities out.

    vocabulary : feature names by column; tfidf : fitted for these columns; coef : one number a column
    """
    counts = CountVectorizer(analyzer=feature_names, vocabulary={name: column for column, name in enumerate(vocabulary)})
    linear = LogisticRegression()
    linear.coef_, linear.intercept_ = coef.reshape(1, -1), np.array([intercept])
    linear.classes_, linear.n_features_in_ = np.array([0, 1]), len(coef)
    return Pipeline([("counts", counts), ("tfidf", tfidf), ("linear", linear)])
