"""/healthz, /readyz and /metrics, for operators and what watches for them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tocsin.api.wire import Receive, Scope, Send


class Health:
    """Answers the three paths."""

    def __init__(
        self,
        *,
        problems: Callable[[], Sequence[str]],
        figures: Callable[[], Mapping[str, tuple[str, float]]],
    ) -> None:
        self._problems = problems
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        if path == "/healthz":
            answer: Response = PlainTextResponse("ok\n")
        elif path == "/readyz":
            problems = list(await asyncio.to_thread(self._problems))
            body = {"ready": not problems, "problems": problems}
            answer = JSONResponse(body, 503 if problems else 200)
        else:
            answer = Response(
                await asyncio.to_thread(self._metrics),
                media_type="text/plain; version=0.0.4; charset=utf-8",
            )
        await answer(scope, receive, send)

    def _metrics(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Figures(self._figures()))
        return generate_latest(registry)


class _Figures:
    """The figures of this moment as a collector."""

    def __init__(self, figures: Mapping[str, tuple[str, float]]) -> None:
        self._figures = figures

    def collect(self) -> list[GaugeMetricFamily]:
        """One gauge per figure."""
        return [
            GaugeMetricFamily(f"tocsin_{name}", about, value=value)
            for name, (about, value) in self._figures.items()
        ]
