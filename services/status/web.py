"""The HTTP face of `serve`."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

Health = Callable[[], tuple[bool, dict[str, Any]]]
"""Whether messages are accepted, and what an operator should see."""


def app_of(health: Health, metrics: Callable[[], bytes]) -> FastAPI:
    """The application. `GET /healthz` answers 200 while messages are accepted, else 503.

    Args:
        metrics: what `GET /metrics` shows to Prometheus.
    """
    app = FastAPI(title="Warmhandoff", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        ok, detail = health()
        return JSONResponse(detail, status_code=200 if ok else 503)

    @app.get("/metrics")
    def scrape() -> Response:
        return Response(metrics(), media_type=CONTENT_TYPE_LATEST)

    return app
