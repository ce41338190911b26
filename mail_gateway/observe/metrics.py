"""The metrics: what was told, counted, and what the doctor found, as Prometheus reads it.

Pure, but for what the library reads of this process in /proc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from mail_gateway.observe.maillog import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from mail_gateway.observe.watch import Standing

_LABELS: Final = Counted._fields


class Metrics:
    """Writes the page. Its names are a promise: alarms of others hang on them (docs/operating.md)."""

    def __init__(self) -> None:
        self._standing: Standing | None = None
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def page(self, standing: Standing, accept: str = "") -> tuple[bytes, str]:
        """-> the page and its content type. accept: the request's Accept header, which chooses the format."""
        self._standing = standing
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind

    def collect(self) -> Iterator[Metric]:
        """Called by the library."""
        standing = self._standing
        if standing is None:
            return
        told = CounterMetricFamily("hagaki_events", "Events told since this process began.", labels=_LABELS)
        for what, count in standing.counts.items():
            told.add_metric([str(value or "") for value in what], count)
        yield told
        stuck = GaugeMetricFamily("hagaki_troubles", "What hagaki doctor finds, by slug.", labels=("slug",))
        for trouble in standing.troubles:
            stuck.add_metric((trouble.slug,), trouble.count)
        yield stuck
        looked_s = standing.looked_ms / 1000
        yield GaugeMetricFamily("hagaki_looked_timestamp_seconds", "When the doctor looked.", looked_s)
        may_ask = int(standing.may_ask)
        yield GaugeMetricFamily("hagaki_may_ask", "1: this node may ask the acquirer; 0: no lease.", may_ask)
