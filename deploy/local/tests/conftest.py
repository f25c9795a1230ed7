"""A throwaway home, and stand-ins for the services so that the runner can be tried alone."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stack.environment import Plan
from stack.home import Home
from stack.services import SERVICES, Service
from stack.settings import load

STAND_IN = Path(__file__).parent / "stand_in.py"


@pytest.fixture(scope="session")
def stand_ins() -> tuple[Service, ...]:
    """The real services' ports and peers, with a tiny program in their place."""
    return tuple(
        replace(service, command=(sys.executable, str(STAND_IN), service.name))
        for service in SERVICES
    )


@pytest.fixture
def plan_of(tmp_path):
    """`plan_of({"TASTEBUDS_PORT": "9000"})`: what the stack computes from these variables."""

    def make(environ: dict[str, str]) -> Plan:
        settings = load(tmp_path, environ, SERVICES)
        home = Home(settings.home)
        home.prepare(0o700)
        return Plan(settings, home, SERVICES)

    return make
