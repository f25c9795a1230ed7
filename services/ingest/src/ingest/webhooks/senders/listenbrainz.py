"""ListenBrainz: what its clients post to `/1/submit-listens`, one listen a part."""

from collections.abc import Mapping

from ingest import fields
from ingest.drafts import Json, MediaType
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.foreign_ids import TRACK, foreign_ids
from ingest.webhooks.happenings import Guide, Happening, Part, Sender, What, Work
from ingest.webhooks.moments import moment, unread

# As at ListenBrainz.
MOST_LISTENS = 1000
_LISTENS = frozenset({"single", "import"})
_PLAYING_NOW = "playing_now"


class _AdditionalInfo(fields.Part):
    recording_mbid: object = None


class _Track(fields.Part):
    artist_name: fields.Line = None
    track_name: fields.Line = None
    release_name: fields.Line = None
    additional_info: fields.Maybe[_AdditionalInfo] = None

    def work(self) -> Work | None:
        if not (self.artist_name and self.track_name):
            return None
        info = self.additional_info or _AdditionalInfo()
        return Work(
            media_type=MediaType.MUSIC,
            title=self.track_name,
            ids=foreign_ids(TRACK, {"mbid": info.recording_mbid}),
            artist=self.artist_name,
            album=self.release_name,
        )


class _Listen(fields.Part):
    listened_at: object = None
    track_metadata: fields.Maybe[_Track] = None


def read(document: Mapping[str, Json]) -> tuple[Part, ...]:
    listen_type = fields.text(document.get("listen_type"))
    if listen_type is None:
        raise Unreadable("it has no listen_type")
    listens = fields.objects(document.get("payload"))
    if len(listens) > MOST_LISTENS:
        raise Unreadable(f"it has more than {MOST_LISTENS} listens")
    if not listens:  # a client that tries whether we are there
        return (Part(Happening(what=What.TEST, event_name=listen_type), document),)
    return tuple(
        Part(_happening(listen_type, each), {"listen_type": listen_type, "payload": [each]})
        for each in listens
        if isinstance(each, Mapping)
    )


def _happening(listen_type: str, document: Mapping[str, Json]) -> Happening:
    listen = _Listen.model_validate(document)
    work = listen.track_metadata.work() if listen.track_metadata else None
    reason = _why_nothing(listen_type, work)
    at = moment(listen.listened_at)
    return Happening(
        what=What.NOTHING if reason else What.FINISHED,
        event_name=listen_type,
        work=work,
        reason=reason,
        at=at,
        unread_time=unread(listen.listened_at),
        key=at.isoformat() if at else "",
    )


def _why_nothing(listen_type: str, work: Work | None) -> str:
    if listen_type == _PLAYING_NOW:
        return "playing now: the listen itself follows"
    if listen_type not in _LISTENS:
        return "not a listen"
    return "" if work else "it does not say which track"


LISTENBRAINZ = Sender(
    name="listenbrainz",
    guide=Guide(
        title="ListenBrainz clients",
        instructions=(
            "For any player or scrobbler with a ListenBrainz server of one's own (Multi-Scrobbler, "
            "Navidrome, Pano Scrobbler, Web Scrobbler …): enter the address as the server's or API "
            "URL, and the token as the user token. If it finds nobody there, put /1/ at the end of "
            "the address, or /1/submit-listens where all of it is asked for. Every listen arrives "
            "with its own time; what is playing now is not kept."
        ),
    ),
    read=read,
    example={"listen_type": "import", "payload": []},
)
