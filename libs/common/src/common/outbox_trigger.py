"""SQL for the migration that makes an outbox: a NOTIFY per statement that adds rows."""


def create(schema: str) -> list[str]:
    return [
        f"""create function {schema}.notify_outbox() returns trigger language plpgsql as
            $$ begin perform pg_notify('{schema}_outbox', ''); return null; end $$""",
        f"""create trigger notify_outbox after insert on {schema}.outbox
            for each statement execute function {schema}.notify_outbox()""",
    ]


def drop(schema: str) -> list[str]:
    return [f"drop function if exists {schema}.notify_outbox() cascade"]
