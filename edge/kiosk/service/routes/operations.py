"""For whoever runs the device: is it well, and figures for Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from edge.kiosk.service.guard import from_this_device
from edge.kiosk.service.kiosk import Kiosk
from edge.kiosk.service.routes.given import Given

router = APIRouter()


@router.get("/healthz")
def health(kiosk: Given) -> Response:
    """200 while photos are restored, or would be; 503 otherwise. The log and the owner's page say why."""
    well = kiosk.alive and kiosk.dispatcher.notice is None
    return Response("well" if well else "not well", 200 if well else 503, media_type="text/plain")


@router.get("/metrics")
def metrics(kiosk: Given, request: Request) -> Response:
    """Figures in Prometheus's format."""
    if kiosk.config.network.metrics == "device":
        from_this_device(request)
    registry = CollectorRegistry()
    registry.register(_Figures(kiosk))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        kiosk = self.kiosk
        jobs = GaugeMetricFamily("heirloom_jobs", "Jobs in the queue.", labels=["state"])
        counts = kiosk.queue.counts()
        for state in ("waiting", "working", "done", "failed", "aside"):
            jobs.add_metric([state], getattr(counts, state))
        yield jobs
        yield CounterMetricFamily(
            "heirloom_restored", "Photos restored since the start.", value=kiosk.restored
        )
        yield CounterMetricFamily(
            "heirloom_failed", "Photos that failed since the start.", value=kiosk.failed
        )
        yield GaugeMetricFamily(
            "heirloom_session_open",
            "Whether somebody is at the screen.",
            value=kiosk.store.current is not None,
        )
        free = shutil.disk_usage(kiosk.queue.path.parent).free
        yield GaugeMetricFamily("heirloom_free_bytes", "Free bytes of the state folder's disk.", value=free)
        thermal = kiosk.devices.connected.thermal
        if thermal.celsius is not None:
            yield GaugeMetricFamily(
                "heirloom_temperature_celsius", "The hottest sensor.", value=thermal.celsius
            )
        yield GaugeMetricFamily(
            "heirloom_throttled", "Whether heat slows the computer.", value=thermal.throttled
        )
