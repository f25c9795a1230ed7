"""What menus have told of their contents."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """alter table menus.documents
             add column contents varchar(32),
             add column contents_revision bigint not null default 0,
             add column contents_changed_at timestamptz"""
    )
    op.execute(
        "create index ix_documents_untold on menus.documents (menu_id) where contents is null"
    )


def downgrade() -> None:
    op.execute("drop index menus.ix_documents_untold")
    for column in ("contents_changed_at", "contents_revision", "contents"):
        op.drop_column("documents", column, schema="menus")
