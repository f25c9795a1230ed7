"""The item as Jellyfin and Emby write it out in full (BaseItemDto)."""

from collections.abc import Mapping

from ingest import fields
from ingest.webhooks.senders.library_item import Item, LoosePart


class UserData(LoosePart):
    played: fields.Flag = None
    play_count: fields.Positive = None
    # 100 ns; where the next play will resume, so 0 once the item was played to its end.
    playback_position_ticks: fields.Whole = None


class MediaDto(LoosePart):
    name: fields.Line = None
    type: fields.Text = None
    production_year: fields.Positive = None
    run_time_ticks: fields.Whole = None
    provider_ids: object = None
    series_name: fields.Line = None
    # Of an episode the season's number; `index_number` is that of an episode or of a season.
    parent_index_number: fields.Ordinal = None
    index_number: fields.Ordinal = None
    index_number_end: fields.Ordinal = None
    album: fields.Line = None
    album_artist: fields.Line = None
    artists: fields.Texts = ()
    user_data: fields.Maybe[UserData] = None

    def ids(self) -> Mapping[str, object]:
        return self.provider_ids if isinstance(self.provider_ids, Mapping) else {}


def item_of(dto: MediaDto | None, series: MediaDto | None) -> Item | None:
    if dto is None:
        return None
    kind = (dto.type or "").casefold()
    year = series.production_year if series else None
    return Item(
        type=dto.type,
        name=dto.name,
        year=year if kind in {"episode", "season"} else dto.production_year,
        ids=dto.ids(),
        series_name=dto.series_name or (series.name if series else None),
        series_ids=series.ids() if series else {},
        season=dto.index_number if kind == "season" else dto.parent_index_number,
        number=dto.index_number,
        last_number=dto.index_number_end,
        artist=next(iter(dto.artists), None) or dto.album_artist,
        album=dto.album,
    )
