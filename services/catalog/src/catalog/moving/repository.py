"""Every statement that takes what belongs to one work to another, and takes it back.

Each remembers as JSON what it moved. Back goes what is still where it was taken, as it is now; what
was in the way of something comes back as it was, if nothing has happened to the other since.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Text, TextClause, Uuid, bindparam, column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import TextualSelect
from sqlalchemy.types import TypeEngine

from common.db import Session

# What was moved, by the name of the move: JSON.
Moved = Mapping[str, object]


class Move(NamedTuple):
    """`there` goes from :absorbed to :survivor and gives what it moved; `back` reads :moved."""

    there: TextualSelect
    back: TextClause


def _move(there: str, back: str) -> Move:
    return Move(_bound(there).columns(column("moved", JSONB)), _bound(back))


def _bound(sql: str) -> TextClause:
    kinds: dict[str, TypeEngine[Any]] = {"absorbed": Uuid(), "survivor": Uuid(), "moved": Text()}
    return text(sql).bindparams(
        *(bindparam(name, type_=kind) for name, kind in kinds.items() if f":{name}" in sql)
    )


def _rows(table: str, column: str = "media_item_id") -> Move:
    """Rows that nothing keeps from belonging to the other work."""
    return _move(
        f"""
        with moved as (
          update catalog.{table} set {column} = :survivor where {column} = :absorbed returning id
        )
        select coalesce(jsonb_agg(id), '[]') from moved
        """,  # noqa: S608 constants
        f"""
        update catalog.{table} set {column} = :absorbed
        where {column} = :survivor
          and id in (
            select m.id::uuid from jsonb_array_elements_text(cast(:moved as jsonb)) as m(id))
        """,  # noqa: S608 constants
    )


def _unique_rows(table: str, same: str, forgotten: str) -> Move:
    """Rows of which the survivor may have the same already: its own stays."""
    return _move(
        f"""
        with dropped as (
          delete from catalog.{table} a using catalog.{table} s
          where a.media_item_id = :absorbed and s.media_item_id = :survivor and {same}
          returning a.id, to_jsonb(a) - '{forgotten}' as row
        ),
        moved as (
          update catalog.{table} set media_item_id = :survivor
          where media_item_id = :absorbed and id not in (select id from dropped)
          returning id
        )
        select jsonb_build_object(
          'ids', (select coalesce(jsonb_agg(id), '[]') from moved),
          'dropped', (select coalesce(jsonb_agg(row), '[]') from dropped))
        """,  # noqa: S608 constants
        f"""
        with moved as (
          update catalog.{table} set media_item_id = :absorbed
          where media_item_id = :survivor and id in (
            select m.id::uuid
            from jsonb_array_elements_text(cast(:moved as jsonb) -> 'ids') as m(id))
        )
        insert into catalog.{table}
        select * from jsonb_populate_recordset(
          null::catalog.{table}, cast(:moved as jsonb) -> 'dropped')
        on conflict do nothing
        """,  # noqa: S608 constants
    )


# Of two states of a person the one that got further stands, or the later one; opinions are kept.
_STANDING = (
    "status",
    "started_at",
    "finished_at",
    "set_status",
    "set_started_at",
    "set_finished_at",
    "set_at",
)
_OPINION = ("rating", "favorite", "notes", "updated_at")
_FAR = "array_position(array['want_to_consume', 'consumed'], {}.status::text)"
_STATES = _move(
    f"""
    with pairs as (
      select s.id as kept_id, a.id as gone_id, to_jsonb(s) as kept, to_jsonb(a) as gone,
        (coalesce({_FAR.format("a")}, 1.5), a.updated_at)
          > (coalesce({_FAR.format("s")}, 1.5), s.updated_at) as gone_is_further
      from catalog.user_states a join catalog.user_states s using (user_id)
      where a.media_item_id = :absorbed and s.media_item_id = :survivor
    ),
    joined as (
      update catalog.user_states s set
        {
        ", ".join(
            f"{name} = case when p.gone_is_further then a.{name} else s.{name} end"
            for name in _STANDING
        )
    },
        rating = coalesce(s.rating, a.rating), favorite = s.favorite or a.favorite,
        notes = coalesce(s.notes, a.notes), updated_at = greatest(s.updated_at, a.updated_at)
      from pairs p join catalog.user_states a on a.id = p.gone_id
      where s.id = p.kept_id
      returning s.id, to_jsonb(s) as row
    ),
    gone as (
      delete from catalog.user_states where id in (select gone_id from pairs)
    ),
    moved as (
      update catalog.user_states set media_item_id = :survivor
      where media_item_id = :absorbed and id not in (select gone_id from pairs)
      returning id
    )
    select jsonb_build_object(
      'ids', (select coalesce(jsonb_agg(id), '[]') from moved),
      'pairs', (
        select coalesce(
          jsonb_agg(jsonb_build_object('kept', p.kept, 'gone', p.gone, 'joined', j.row)), '[]')
        from pairs p join joined j on j.id = p.kept_id))
    """,  # noqa: S608 constants
    f"""
    with pairs as materialized (
      select p.kept, p.gone, s.id, to_jsonb(s) = p.joined as is_as_joined
      from jsonb_to_recordset(cast(:moved as jsonb) -> 'pairs') as p(
        kept jsonb, gone jsonb, joined jsonb)
      join catalog.user_states s on s.id = (p.kept ->> 'id')::uuid
      where s.media_item_id = :survivor
    ),
    kept as (
      update catalog.user_states s set
        {", ".join(f"{name} = r.{name}" for name in (*_STANDING, *_OPINION))}
      from pairs p, jsonb_populate_record(null::catalog.user_states, p.kept) r
      where s.id = p.id and p.is_as_joined
    ),
    moved as (
      update catalog.user_states set media_item_id = :absorbed
      where media_item_id = :survivor and id in (
        select m.id::uuid from jsonb_array_elements_text(cast(:moved as jsonb) -> 'ids') as m(id))
    )
    insert into catalog.user_states
    select r.* from pairs p, jsonb_populate_record(null::catalog.user_states, p.gone) r
    on conflict do nothing
    """,  # noqa: S608 constants
)
# The rows of the library's memory name the work once more in what they remember.
_RENAMED = ", ".join(
    f"{name} = {name} || jsonb_build_object('media_item_id', {{0}})"
    for name in ("state_before", "state_after", "log_before", "log_after")
)
_CHANGES = _move(
    f"""
    with moved as (
      update catalog.library_changes set
        media_item_id = :survivor, {_RENAMED.format("cast(:survivor as uuid)")}
      where media_item_id = :absorbed returning id
    )
    select coalesce(jsonb_agg(id), '[]') from moved
    """,  # noqa: S608 constants
    f"""
    update catalog.library_changes set
      media_item_id = :absorbed, {_RENAMED.format("cast(:absorbed as uuid)")}
    where media_item_id = :survivor
      and id in (select m.id::bigint from jsonb_array_elements_text(cast(:moved as jsonb)) as m(id))
    """,  # noqa: S608 constants
)
_TAGS = _move(
    """
    with had as (
      delete from catalog.media_item_tags where media_item_id = :absorbed returning tag_id
    ),
    added as (
      insert into catalog.media_item_tags (media_item_id, tag_id)
      select :survivor, tag_id from had order by tag_id
      on conflict do nothing returning tag_id
    )
    select jsonb_build_object(
      'had', (select coalesce(jsonb_agg(tag_id), '[]') from had),
      'added', (select coalesce(jsonb_agg(tag_id), '[]') from added))
    """,
    """
    with had as (
      select t.id, cast(:moved as jsonb) -> 'added' ? t.id::text as was_added
      from jsonb_array_elements_text(cast(:moved as jsonb) -> 'had') as m(id)
      join catalog.tags t on t.id = m.id::uuid
      order by t.id for key share of t
    ),
    gone as (
      delete from catalog.media_item_tags
      where media_item_id = :survivor and tag_id in (select id from had where was_added)
      returning tag_id
    )
    insert into catalog.media_item_tags (media_item_id, tag_id)
    select :absorbed, id from had where not was_added or id in (select tag_id from gone)
    on conflict do nothing
    """,
)
# Menus tell themselves what goes back.
_PLACEMENTS = _move(
    """
    with had as (
      delete from catalog.menu_placements where media_item_id = :absorbed
      returning menu_id, count
    ),
    moved as (
      insert into catalog.menu_placements as p (menu_id, media_item_id, count)
      select menu_id, :survivor, count from had order by menu_id
      on conflict (menu_id, media_item_id) do update set count = p.count + excluded.count
    )
    select to_jsonb(count(*)) from had
    """,
    "select 1",
)
_MOVES: Mapping[str, Move] = {
    "sources": _rows("media_sources"),
    "states": _STATES,
    "logs": _rows("user_logs"),
    "changes": _CHANGES,
    "tags": _TAGS,
    "availability": _unique_rows(
        "availability",
        "(s.provider, s.region, s.format) = (a.provider, a.region, a.format)",
        forgotten="contributed_by",
    ),
    "overrides": _unique_rows(
        "overrides",
        "s.field = a.field and s.user_id is not distinct from a.user_id",
        forgotten="set_by",
    ),
    "placements": _PLACEMENTS,
    # What the absorbed one had absorbed.
    "absorbed": _rows("media_items", "merged_into"),
}


async def move(session: Session, *, absorbed_id: UUID, survivor_id: UUID) -> Moved:
    """All that belongs to the absorbed work, one statement for each kind of thing."""
    places = {"absorbed": absorbed_id, "survivor": survivor_id}
    return {name: await session.scalar(one.there, places) for name, one in _MOVES.items()}


async def move_back(
    session: Session, moved: Moved, *, absorbed_id: UUID, survivor_id: UUID
) -> None:
    places = {"absorbed": absorbed_id, "survivor": survivor_id}
    for name, one in _MOVES.items():
        await session.execute(one.back, places | {"moved": orjson.dumps(moved[name]).decode()})
