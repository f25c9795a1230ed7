"""An index of the 8 000 best known works alone. A search begins with these, and to find them it
would else go through all works that have a word, which may be half of those there are."""

import re
from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).with_suffix("")
BEFORE = FUNCTIONS.with_name("0004_search")
# Each function with the file where it was before.
FILES = {"search_tagged": "candidates", "words_beginning": "near_misses"}


def upgrade() -> None:
    op.execute(
        """create index ix_item_search_best_known on catalog.item_search
             using gin (head, document, tags) with (gin_pending_list_limit = 256)
             where tier <= 2"""
    )
    for function in FILES:
        op.get_bind().exec_driver_sql((FUNCTIONS / f"{function}.sql").read_text())


def downgrade() -> None:
    for function, file in FILES.items():
        op.get_bind().exec_driver_sql(before(function, BEFORE / f"{file}.sql"))
    op.drop_index("ix_item_search_best_known", "item_search", schema="catalog")


def before(function: str, file: Path) -> str:
    of_all = re.split(r"(?<=\$\$);\n", file.read_text())
    its = next(one for one in of_all if f"create function catalog.{function}(" in one)
    return its.replace("create function", "create or replace function")
