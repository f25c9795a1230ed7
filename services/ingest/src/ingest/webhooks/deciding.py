"""What follows from a happening, as far as it can be told by looking at it: no input, no output."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from common.errors import DomainError
from common.jobs import Delivery
from ingest.drafts import MediaType
from ingest.jobs.tries import broken, judge
from ingest.webhooks.happenings import Episode, Happening, Scheme, What, Work
from ingest.webhooks.records import Decision, Event, Match, NoMatch
from ingest.webhooks.states import EventState

# What a message may still decide; failed ones come again as dead letters that are replayed.
DUE = (EventState.RECEIVED, EventState.WAITING, EventState.FAILED)

# For how long the same thing said again is a repetition.
WINDOWS = {
    What.ACQUIRED: timedelta(days=1),
    What.STARTED: timedelta(hours=1),
    What.FINISHED: timedelta(minutes=30),
    What.UNPLAYED: timedelta(minutes=10),
}
# A listen has its time in its key, and may be sent again for long. Without one, the same track may
# well be heard again after some minutes, and only echoes are repetitions.
LISTEN_WINDOW = timedelta(days=1)
ECHO_WINDOW = timedelta(minutes=2)
# By how much the clocks of two machines may well differ.
AHEAD_FROM = timedelta(minutes=5)
# What a source does not know today it may know tomorrow. Seconds.
NO_MATCH_PAUSES = (60.0, 600.0, 3600.0, 21_600.0, 86_400.0)


def refusal(event: Event, happening: Happening) -> Decision | None:
    """Why nothing follows; None when something does."""
    if happening.what is What.TEST:
        return Decision(state=EventState.TEST, words="a test: the connection works")
    why = _why_not(event, happening)
    return ignored(why) if why else None


def _why_not(event: Event, happening: Happening) -> str:
    if happening.what is What.NOTHING:
        return happening.reason or "nothing follows from such an event"
    if event.is_chosen:
        return ""
    if happening.work is not None and happening.work.is_album:
        return "an album; Tastebuds keeps tracks"
    effects = event.effects
    if happening.what is What.UNPLAYED and not effects.library:
        return "un-played, and this integration does not touch the library"
    if not (effects.ingest or effects.library or effects.tags or effects.menu_id):
        return "every effect of this integration is switched off"
    return _of_somebody_else(event.accounts, happening.accounts)


def _of_somebody_else(wanted: tuple[str, ...], given: tuple[str, ...]) -> str:
    known = {name.casefold() for name in wanted}
    if not wanted or not given or not known.isdisjoint(name.casefold() for name in given):
        return ""
    return f"the play is {given[0]}'s; this integration takes only {', '.join(wanted)}"


def content_key(sender: str, happening: Happening) -> bytes:
    """What is the same when a sender says the same thing twice, in other words perhaps."""
    accounts = sorted(name.casefold() for name in happening.accounts)
    key = happening.key or happening.unread_time
    said = [sender, happening.what, key, accounts, _identity(happening.work)]
    return hashlib.sha256(orjson.dumps(said)).digest()


def _identity(work: Work | None) -> list[str]:
    if work is None:
        return []
    part = _part(work.episode) if work.episode else ""
    # The first id by the order of schemes, not of the message.
    ids = sorted(work.ids, key=lambda each: list(Scheme).index(each.scheme))
    names = [work.title or "", work.artist or "", str(work.year or "")]
    named = [f"{each.scheme} {each.value}" for each in ids[:1]] or list(map(str.casefold, names))
    return [work.media_type, part, *named]


def _part(episode: Episode) -> str:
    """Half of its place is enough only for what has nothing else to be told by."""
    if None not in (episode.season, episode.number):
        return str(episode)
    names = [*(each.value for each in episode.ids), (episode.title or "").casefold(), str(episode)]
    return next(filter(None, names), "")


def window(happening: Happening) -> timedelta:
    is_music = happening.work is not None and happening.work.media_type is MediaType.MUSIC
    if is_music and happening.what is What.FINISHED:
        return LISTEN_WINDOW if happening.key else ECHO_WINDOW
    return WINDOWS[happening.what]


def moment(event: Event, happening: Happening) -> datetime:
    """When it happened; a clock that is ahead has not seen more than we."""
    return min(happening.at or event.received_at, event.received_at)


def remark(event: Event, happening: Happening) -> str:
    """What else whoever reads a decision should know; a clause."""
    if happening.unread_time:
        return "its time could not be read or lies ahead, so the time of arrival counts"
    if happening.at and happening.at > event.received_at + AHEAD_FROM:
        return "its time lies ahead, so the time of arrival counts"
    return happening.reason


def title(happening: Happening) -> str:
    """For lists: a work's title, with the episode's place in it."""
    work = happening.work
    if work is None:
        return ""
    names = (work.artist, work.title or work.album, str(work.episode or ""))
    return " · ".join(name for name in names if name)


def part_id(event_id: UUID, index: int) -> UUID:
    """Next to that of its delivery, and always the same: ids end in 62 random bits."""
    return UUID(int=event_id.int + 1 + index)


def split(parts: int) -> Decision:
    return Decision(state=EventState.IGNORED, words=f"split into {parts}")


def ignored(why: str) -> Decision:
    return Decision(state=EventState.IGNORED, words=f"ignored: {why}")


def unreadable(why: str) -> Decision:
    return Decision(state=EventState.FAILED, words=f"unreadable: {why}", trouble=why)


def duplicate(of: UUID) -> Decision:
    words = f"duplicate of {of}"
    return Decision(state=EventState.DUPLICATE, words=words, duplicate_of=of)


def unmatched(found: NoMatch, delivery: Delivery) -> Decision:
    """Waits, with growing pauses, then for a person."""
    again = found.may_change and not delivery.is_last and delivery.attempt <= len(NO_MATCH_PAUSES)
    return Decision(
        state=EventState.WAITING if again else EventState.NEEDS_MATCH,
        words=f"needs a match: {found.reason}",
        again_after=NO_MATCH_PAUSES[delivery.attempt - 1] if again else None,
        suggestions=found.suggestions,
    )


def work_gone(why: str) -> Decision:
    return Decision(state=EventState.NEEDS_MATCH, words=f"needs a match: {why}", trouble=why)


def hindered(error: DomainError, delivery: Delivery) -> Decision:
    """Not before the source wants to be asked again, nor more often than its lane tries.

    What will hardly succeed later is tried as often: its cause may be with the operator.
    """
    backoff = delivery.lane.pause_after(delivery.attempt)
    setback = judge(error, backoff=backoff, cooldown=0.0)
    return Decision(
        state=EventState.WAITING,
        words=setback.words,
        again_after=backoff if setback.after is None else setback.after,
        is_counted=setback.counted,
    )


def undo_offer(match: Match) -> Decision:
    words = f"{match.words}; un-played there: an undo is offered"
    return Decision(state=EventState.UNDO_OFFERED, words=words, match=match)


def given_up(why: str) -> Decision:
    """`why` is meant for people."""
    return Decision(state=EventState.FAILED, words=f"given up: {why}", trouble=why)


def given_up_by_our_fault(trace_id: str | None) -> Decision:
    """What went wrong stands in the dead letter, for operators."""
    return given_up(broken(trace_id, backoff=0.0).words)
