"""Search guesses more: words written together or apart, years, numbers, most of the words."""

import re
from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).with_suffix("")
BEFORE = FUNCTIONS.with_name("0004_search")
# In the order in which they need each other.
FILES = ("candidates", "spellings", "partial", "near_misses")


def upgrade() -> None:
    for file in FILES:
        execute(*statements(FUNCTIONS / f"{file}.sql"))
    op.execute("drop function catalog.corrected")


def downgrade() -> None:
    corrected, near_misses = statements(BEFORE / "near_misses.sql")[-2:]
    candidates = statements(BEFORE / "candidates.sql")[-1]
    execute(
        corrected,
        *(
            one.replace("create function", "create or replace function")
            for one in (near_misses, candidates)
        ),
    )
    for function in (
        "corrected_matches",
        "spelled_otherwise",
        "of_year_and_type",
        "partial_matches",
        "search_partly",
        "meanings",
        "named_type",
        "release_year",
        "words_that_begin",
        "similar_words",
        "other_spellings",
        "same_number",
        "parts_of_word",
        "joined_words",
    ):
        op.execute(f"drop function catalog.{function}")


def statements(file: Path) -> list[str]:
    return re.split(r"(?<=\$\$);\n", file.read_text().strip())


def execute(*functions: str) -> None:
    for function in functions:
        # As it is: op.execute would take ":C" for a parameter.
        op.get_bind().exec_driver_sql(function)
