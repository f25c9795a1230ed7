"""What goes wrong with statements is said without what they carried."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

FAILING = text("select cast(:password as text), 1 / 0")


@pytest.mark.parametrize("way", ["readers", "sessions"])
async def test_an_error_repeats_no_parameter(database, way):
    async with getattr(database, way)() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(FAILING, {"password": "hunter2"})
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value)
