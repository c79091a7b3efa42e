"""A user's merged candidates, with what each source says of them."""

from dataclasses import dataclass

from candidate_gen.source import Float32, ItemPositions


@dataclass(frozen=True, slots=True)
class Candidates:
    """A user's merged candidates, by item position.

    Attributes
    ----------
    item_idx : ndarray of int32, shape (n,)
        Ascending, no item twice.
    rank : ndarray of float32, shape (n_sources, n)
        From 1, a row for each of `sources`; 0 where a source did not find the item.
    score : ndarray of float32, shape (n_sources, n)
        Each source's score of every candidate, whichever source found it.
    largest, mean : ndarray of float32, shape (n_sources, n)
        Of a source whose score is a sum of votes, the largest vote and their mean; 0 elsewhere.
    fused : ndarray of float32, shape (n,)
        What all sources say together: the order of stage one alone.
    sources : tuple of str
        The names of the sources.
    """

    item_idx: ItemPositions
    rank: Float32
    score: Float32
    largest: Float32
    mean: Float32
    fused: Float32
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.item_idx)
