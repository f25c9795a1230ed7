"""What operators may write, and what is said to them otherwise."""

import pytest
from pydantic import TypeAdapter, ValidationError

from ingest.settings import Countries, Settings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("GB, fr,GB", ("GB", "FR")),
        ('["gb"]', ("GB",)),
        ("", ()),
        (",", ()),
    ],
)
def test_countries(written, read):
    assert TypeAdapter(Countries).validate_python(written) == read


@pytest.mark.parametrize("written", ["Germany", "G", "G1", "GB;FR", "GB FR"])
def test_what_is_no_country(written):
    with pytest.raises(ValidationError, match="ISO 3166-1"):
        TypeAdapter(Countries).validate_python(written)


@pytest.mark.parametrize("contact", ["M\N{LATIN SMALL LETTER E WITH ACUTE}l", "a\r\nHost: b"])
def test_a_contact_that_fits_no_header_is_refused(contact):
    with pytest.raises(ValidationError) as refusal:
        Settings(contact=contact)
    assert ("contact",) in {each["loc"] for each in refusal.value.errors()}


def test_sources_have_no_longer_than_the_gateway_waits_for_them():
    with pytest.raises(ValidationError) as refusal:
        Settings(search_deadline_seconds=10.5)
    assert ("search_deadline_seconds",) in {each["loc"] for each in refusal.value.errors()}
