"""The rows of batches that go by, and what became of them."""

from collections import Counter
from typing import Any

import pandas as pd

from data.batch import Batch
from data.reasons import Reason
from shortlist.columns import REASON


class Tally:
    """Counts, examples and rejected rows of many batches of one kind, as `data.batch.Counted` names them."""

    def __init__(self, kind: str, files: list[str]) -> None:
        self.kind, self.files = kind, files
        self.n_rows = self.n_accepted = 0
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, dict[str, Any]] = {}
        self._rejects: list[pd.DataFrame] = []

    def count(self, batch: Batch) -> None:
        """Count a batch's rows by the reasons that they have by now."""
        self.n_rows += batch.n_rows
        self.n_accepted += batch.n_accepted
        self._counts.update(batch.counts())

    def add(self, batch: Batch) -> None:
        """Count a batch, and keep its rejected rows and an example of each reason."""
        self.count(batch)
        for example in batch.examples():
            self._examples.setdefault(example[REASON], example)
        self._rejects.append(batch.rejects())

    def counts(self) -> dict[str, int]:
        """Rows set aside by reason, in the order of reasons; only reasons that occur."""
        return {str(reason): self._counts[str(reason)] for reason in Reason if self._counts[str(reason)]}

    def n_bad(self) -> int:
        """Rows that break the contract."""
        return sum(count for reason, count in self._counts.items() if Reason(reason).breaks_contract)

    def examples(self) -> list[dict[str, Any]]:
        """The first row of each reason."""
        return [self._examples[reason] for reason in self.counts() if reason in self._examples]

    def rejects(self) -> pd.DataFrame:
        """The rows set aside."""
        return pd.concat(self._rejects, ignore_index=True)
