"""`.env.example` lists every setting, and tells its true default."""

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from auth.settings import Settings as AuthSettings
from catalog.settings import Settings as CatalogSettings
from gateway.settings import Settings as GatewaySettings
from ingest.settings import Settings as IngestSettings
from menus.settings import Settings as MenusSettings

EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text()
LISTED = dict(re.findall(r"^#([A-Z_<>0-9]+)=(.*)$", EXAMPLE, re.MULTILINE))
SERVICES = {
    "AUTH": AuthSettings,
    "CATALOG": CatalogSettings,
    "GATEWAY": GatewaySettings,
    "INGEST": IngestSettings,
    "MENUS": MenusSettings,
}


def settings():
    for prefix, service in SERVICES.items():
        for name, field in service.model_fields.items():
            yield field.validation_alias or f"{prefix}_{name.upper()}", field


@pytest.mark.parametrize(("name", "field"), list(settings()), ids=lambda each: str(each)[:60])
def test_every_setting_is_listed_with_its_default(name, field):
    common = re.sub(r"^[A-Z]+_", "<S>_", name)
    assert name in LISTED or common in LISTED
    if name not in LISTED or field.default in (None, PydanticUndefined, ()):
        return
    listed, default = LISTED[name], field.default
    told = ",".join(default) if isinstance(default, tuple) else str(default)
    assert told == listed or float(default) == float(listed)


def test_nothing_is_listed_that_does_not_exist():
    known = {name for name, _ in settings()}
    known |= {re.sub(r"^[A-Z]+_", "<S>_", name) for name in known}
    of_the_stack = {name for name in LISTED if name.endswith("_REPLICAS")}
    of_the_stack |= {
        f"TASTEBUDS_{each}"
        for each in ("PORT", "HOME", "DATABASE_URL", "NATS_URL", "DEMO", "READY_TIMEOUT")
    }
    assert set(LISTED) - known - of_the_stack == set()
