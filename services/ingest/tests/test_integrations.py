"""What may send events to a person's account: its tokens, its settings, its counts."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import grpc
import orjson
import pytest
from sqlalchemy import func, select, text

from common.access import services_of
from common.db import new_id, now
from common.errors import DomainError, Kind
from common.grpc_errors import from_rpc_error
from common.requests import current_caller
from ingest.clients.menus import MenusClient
from ingest.consumers import on_user_deleted
from ingest.integrations import repository, tokens
from ingest.integrations import service as integrations
from ingest.integrations.effects import Effects
from ingest.integrations.servicer import IntegrationServicer
from ingest.models import Integration, Outbox, WebhookEvent
from ingest.sweeping.service import sweep_forgotten_integrations
from ingest.webhooks.repository import find as find_event
from ingest.webhooks.senders import SENDERS
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.ingest.v1 import integration_service_pb2 as pb
from tastebuds.ingest.v1.integration_service_pb2_grpc import (
    IntegrationServiceStub,
    add_IntegrationServiceServicer_to_server,
)
from tastebuds.menus.v1 import menu_service_pb2
from tastebuds.menus.v1.menu_service_pb2_grpc import (
    MenuServiceServicer,
    add_MenuServiceServicer_to_server,
)

from .job_desk import Counted

SERVICES = services_of(pb.DESCRIPTOR)
DOOR = "https://tastebuds.example.org"


class Menus(MenuServiceServicer):
    """Everybody's menus: documents by their ids."""

    def __init__(self):
        self.documents = {}
        self.fault = None

    def add(self, owner_id, *, is_public=False):
        """The ids of a new menu and of its only course."""
        menu_id, course_id = str(uuid4()), str(uuid4())
        document = {"is_public": is_public, "courses": [{"id": course_id, "items": []}]}
        self.documents[owner_id, menu_id] = orjson.dumps(document)
        return menu_id, course_id

    async def GetMenu(self, request, context):
        if self.fault:
            raise self.fault
        found = self.documents.get((current_caller().user_id, request.menu_id))
        if found is None:
            raise Fault(Kind.NOT_FOUND)
        return menu_service_pb2.GetMenuResponse(document=found)


class Fault(DomainError):
    reason = "FAULT"

    def __init__(self, kind):
        super().__init__("it is not there")
        self.kind = kind


@pytest.fixture
async def menus():
    return Menus()


@pytest.fixture
async def channel_of(serve, database, menus):
    def add(server):
        servicer = IntegrationServicer(database, SENDERS, client, DOOR, most_per_person=4)
        add_IntegrationServiceServicer_to_server(servicer, server)

    add_menus = partial(add_MenuServiceServicer_to_server, menus)
    async with serve("menus", services_of(menu_service_pb2.DESCRIPTOR), add_menus) as connect_menus:
        client = MenusClient(connect_menus("ingest"))
        async with serve("ingest", SERVICES, add) as connect:
            yield connect


class Person:
    """Calls as one person: `await ana.mint("radarr")`."""

    def __init__(self, channel, people):
        self.user_id = uuid4()
        self._stub = IntegrationServiceStub(channel)
        self._metadata = people.metadata(self.user_id)

    async def ask(self, rpc, request):
        return await getattr(self._stub, rpc)(request, metadata=self._metadata, timeout=10)

    async def mint(self, sender, name=""):
        return await self.ask("MintToken", pb.MintTokenRequest(sender=sender, name=name))

    async def list(self):
        reply = await self.ask("ListIntegrations", pb.ListIntegrationsRequest())
        return list(reply.integrations)

    async def change(self, integration_id, **changes):
        request = pb.UpdateIntegrationRequest(integration_id=integration_id, **changes)
        return (await self.ask("UpdateIntegration", request)).integration

    async def revoke(self, **what):
        await self.ask("RevokeIntegrations", pb.RevokeIntegrationsRequest(**what))

    async def test(self, integration_id):
        request = pb.SendTestEventRequest(integration_id=integration_id)
        return UUID((await self.ask("SendTestEvent", request)).webhook_event_id)


@pytest.fixture
def join(channel_of, people):
    channel = channel_of("gateway")
    return lambda: Person(channel, people)


@pytest.fixture
def ana(join):
    return join()


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def row(database, integration_id):
    async with database.sessions() as session:
        return await session.get(Integration, UUID(integration_id))


def event_of(integration, state="done", **columns):
    empty = {"decision": "", "event_name": "", "title": "", "source": "", "external_id": ""}
    lists = {"effects": [], "suggestions": [], "history": []}
    return WebhookEvent(
        id=new_id(),
        integration_id=UUID(integration.id),
        user_id=uuid4(),
        sender=integration.sender,
        content_type="",
        body_bytes=0,
        attempts=0,
        state=state,
        **{"received_at": now(), **empty, **lists, **columns},
    )


async def test_a_token_is_shown_once_and_kept_as_a_hash(ana, database):
    reply = await ana.mint("radarr")
    assert len(reply.token) == 43
    assert reply.webhook_url == f"{DOOR}/api/webhooks/radarr/{reply.token}"
    integration = reply.integration
    assert (integration.sender, integration.name) == ("radarr", "default")
    assert integration.token_prefix == reply.token[:8]
    assert (integration.effects.ingest, integration.effects.library) == (True, True)
    kept = await row(database, integration.id)
    assert kept.token_hash == tokens.hash_of(reply.token)
    assert kept.user_id == ana.user_id
    [listed] = await ana.list()
    assert listed == integration
    assert reply.token not in str(listed)


async def test_clients_of_listenbrainz_paste_the_address_alone(ana):
    assert (await ana.mint("listenbrainz")).webhook_url == DOOR


async def test_minting_again_replaces_the_token_and_keeps_everything_else(ana, database):
    first = await ana.mint("plex", "den")
    changed = await ana.change(
        first.integration.id,
        accounts=pb.Accounts(names=["ana"]),
        effects=pb.EffectsChange(ingest=False),
    )
    async with database.sessions.begin() as session:
        session.add(event_of(changed))
    second = await ana.mint("plex", "den")
    assert second.token != first.token
    assert second.integration.id == first.integration.id
    assert second.integration.accounts == ["ana"]
    assert second.integration.effects == changed.effects
    assert second.integration.counts == {"done": 1}
    assert (await row(database, changed.id)).token_hash == tokens.hash_of(second.token)
    assert len(await ana.list()) == 1


async def test_a_revoked_one_comes_back_under_its_name_with_its_history(ana, database):
    minted = (await ana.mint("plex", "den")).integration
    async with database.sessions.begin() as session:
        session.add(event_of(minted, "ignored"))
    await ana.revoke(integration_id=minted.id)
    assert await ana.list() == []
    revoked = await row(database, minted.id)
    assert revoked.token_hash is None
    assert revoked.revoked_at is not None
    again = (await ana.mint("plex", "den")).integration
    assert (again.id, again.counts) == (minted.id, {"ignored": 1})
    assert (await row(database, minted.id)).revoked_at is None


async def test_all_of_a_sender_are_revoked_and_nothing_to_revoke_is_no_error(ana, join):
    bob = join()
    for name in ("den", "attic"):
        await ana.mint("plex", name)
    await ana.mint("radarr")
    await bob.mint("plex")
    await ana.revoke(sender="plex")
    await ana.revoke(sender="plex")
    await ana.revoke(integration_id=str(uuid4()))
    await ana.revoke(integration_id=(await bob.list())[0].id)
    assert [each.sender for each in await ana.list()] == ["radarr"]
    assert len(await bob.list()) == 1


async def test_counts_are_by_state_and_the_latest_is_told(ana, join, database):
    minted, other = (await ana.mint("plex")).integration, (await ana.mint("radarr")).integration
    at = now().replace(microsecond=0)
    async with database.sessions.begin() as session:
        for minutes, state in enumerate(("done", "done", "ignored")):
            received_at = at - timedelta(minutes=minutes)
            session.add(event_of(minted, state, received_at=received_at))
    with Counted() as statements:
        listed = {each.sender: each for each in await ana.list()}
    assert statements() == 2
    assert listed["plex"].counts == {"done": 2, "ignored": 1}
    assert listed["plex"].last_received_at.ToDatetime(at.tzinfo) == at
    assert listed["radarr"].id == other.id
    assert not listed["radarr"].HasField("last_received_at")


async def test_counts_are_of_the_last_thirty_days_and_the_latest_event_of_all(ana, database):
    minted = (await ana.mint("plex")).integration
    long_ago = (now() - timedelta(days=31)).replace(microsecond=0)
    async with database.sessions.begin() as session:
        session.add(event_of(minted, received_at=long_ago))
    [listed] = await ana.list()
    assert listed.counts == {}
    assert listed.last_received_at.ToDatetime(long_ago.tzinfo) == long_ago
    await ana.test(minted.id)
    [listed] = await ana.list()
    assert listed.counts == {"received": 1}


async def test_counting_looks_at_an_index_alone(ana, database):
    minted = (await ana.mint("plex")).integration
    async with database.sessions.begin() as session:
        session.add_all(event_of(minted) for _ in range(500))
    wanted = {"integration_ids": [UUID(minted.id), uuid4()], "since": now()}
    async with database.readers() as reader:
        await reader.execute(text("vacuum analyze ingest.webhook_events"))
        plan = str(
            (await reader.execute(text(f"explain {repository.TALLIES.element}"), wanted)).all()
        )
    assert "Index Only Scan using ix_webhook_events_latest" in plan
    assert "Index Only Scan Backward using ix_webhook_events_latest" in plan
    assert "on webhook_events" not in plan.replace("ix_webhook_events_latest on webhook_events", "")


async def test_name_effects_and_accounts_change_one_by_one(ana, menus, database):
    minted = (await ana.mint("plex")).integration
    menu_id, course_id = menus.add(ana.user_id)
    tags = pb.Tags(names=[" new ", "tv", "new"])
    effects = pb.EffectsChange(library=False, tags=tags, menu_id=menu_id, course_id=course_id)
    changed = await ana.change(minted.id, effects=effects)
    assert list(changed.effects.tags) == ["new", "tv"]
    assert (changed.effects.menu_id, changed.effects.course_id) == (menu_id, course_id)
    assert (await ana.change(minted.id, name="den")).effects == changed.effects
    assert list((await ana.change(minted.id, accounts=pb.Accounts(names=["ana"]))).accounts) == [
        "ana"
    ]
    with Counted() as statements:
        cleared = await ana.change(minted.id, accounts=pb.Accounts())
    assert statements() == 4
    assert (list(cleared.accounts), cleared.name) == ([], "den")
    kept = await row(database, minted.id)
    assert Effects.from_json(kept.effects) == Effects(
        library=False, tags=("new", "tv"), menu_id=UUID(menu_id), course_id=UUID(course_id)
    )


async def test_effects_that_are_left_out_stay(ana, menus):
    minted = (await ana.mint("plex")).integration
    (menu_id, course_id), (other_id, _) = menus.add(ana.user_id), menus.add(ana.user_id)

    async def change(**effects):
        return (await ana.change(minted.id, effects=pb.EffectsChange(**effects))).effects

    expected = pb.Effects(ingest=True, library=False)
    assert await change(library=False) == expected
    expected.tags.append("tv")
    assert await change(tags=pb.Tags(names=["tv"])) == expected
    expected.menu_id = menu_id
    assert await change(menu_id=menu_id) == expected
    expected.course_id = course_id
    assert await change(course_id=course_id) == expected
    assert await change(menu_id=menu_id) == expected
    assert await change() == expected
    expected.menu_id, expected.course_id = other_id, ""
    assert await change(menu_id=other_id) == expected
    expected.menu_id, expected.library = "", True
    assert await change(menu_id="", library=True) == expected
    assert await change(tags=pb.Tags()) == pb.Effects(ingest=True, library=True)


async def test_only_ones_own_menu_that_is_not_public_can_grow_by_itself(ana, join, menus):
    minted = (await ana.mint("plex")).integration
    menu_id, course_id = menus.add(ana.user_id)
    public_id, _ = menus.add(ana.user_id, is_public=True)
    bobs_id, bobs_course_id = menus.add(join().user_id)
    tried = [
        ({"menu_id": str(uuid4())}, "UNKNOWN_MENU", "effects.menu_id"),
        ({"menu_id": bobs_id, "course_id": bobs_course_id}, "UNKNOWN_MENU", "effects.menu_id"),
        ({"menu_id": public_id}, "MENU_IS_PUBLIC", "effects.menu_id"),
        ({"menu_id": menu_id, "course_id": bobs_course_id}, "UNKNOWN_COURSE", "effects.course_id"),
        ({"course_id": course_id}, "COURSE_WITHOUT_MENU", "effects.course_id"),
    ]
    for effects, reason, field in tried:
        found = await refusal(ana.change(minted.id, effects=pb.EffectsChange(**effects)))
        assert (found.reason, found.metadata["field"]) == (reason, field)
    assert await ana.list() == [minted]
    menus.fault = Fault(Kind.UNAVAILABLE)
    found = await refusal(ana.change(minted.id, effects=pb.EffectsChange(menu_id=menu_id)))
    assert found.kind is Kind.UNAVAILABLE
    assert (await ana.change(minted.id, effects=pb.EffectsChange(library=False))).id == minted.id


LONG = "x" * 65


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "INVALID_NAME"),
        ({"name": " \t"}, "INVALID_NAME"),
        ({"name": LONG}, "INVALID_NAME"),
        ({"name": "a\0b"}, "INVALID_NAME"),
        ({"name": "other"}, "INTEGRATION_NAME_TAKEN"),
        ({"effects": pb.EffectsChange(tags=pb.Tags(names=[LONG]))}, "INVALID_NAME"),
        ({"effects": pb.EffectsChange(tags=pb.Tags(names=[""]))}, "INVALID_NAME"),
        ({"effects": pb.EffectsChange(tags=pb.Tags(names=map(str, range(11))))}, "TOO_MANY"),
        ({"effects": pb.EffectsChange(menu_id="dinner")}, "INVALID_ID"),
        ({"effects": pb.EffectsChange(menu_id=str(uuid4()), course_id="x")}, "INVALID_ID"),
        ({"accounts": pb.Accounts(names=map(str, range(21)))}, "TOO_MANY"),
        ({"accounts": pb.Accounts(names=["x" * 256])}, "INVALID_NAME"),
    ],
)
async def test_what_cannot_be_set_says_why(ana, changes, reason):
    minted = (await ana.mint("plex")).integration
    await ana.mint("plex", "other")
    assert (await refusal(ana.change(minted.id, **changes))).reason == reason
    assert minted in await ana.list()


async def test_tokens_are_made_for_known_senders_and_readable_names(ana):
    assert (await refusal(ana.mint("winamp"))).reason == "UNKNOWN_SENDER"
    assert (await refusal(ana.mint("plex", LONG))).reason == "INVALID_NAME"
    assert (await refusal(ana.revoke(sender="winamp"))).reason == "UNKNOWN_SENDER"
    assert (await refusal(ana.revoke())).reason == "NOTHING_NAMED"


async def test_a_person_may_have_so_many_and_no_more_however_fast_they_are(ana, join):
    calls = (ana.mint("plex", str(number)) for number in range(8))
    results = await asyncio.gather(*calls, return_exceptions=True)
    made = [result for result in results if isinstance(result, pb.MintTokenResponse)]
    assert len(made) == len(await ana.list()) == 4
    assert (await refusal(ana.mint("radarr"))).reason == "INTEGRATION_LIMIT_REACHED"
    await ana.mint("plex", made[0].integration.name)  # a new token for an old one is no new one
    await ana.revoke(integration_id=made[0].integration.id)
    await ana.mint("radarr")
    await join().mint("plex")


async def test_a_test_event_goes_the_way_of_all_events(ana, database):
    minted = (await ana.mint("radarr")).integration
    with Counted() as statements:
        event_id = await ana.test(minted.id)
    assert statements() == 2
    async with database.sessions() as session:
        event = await session.get(WebhookEvent, event_id)
        [work] = (await session.scalars(select(Outbox))).all()
    assert (event.state, event.sender, event.user_id) == ("received", "radarr", ana.user_id)
    assert orjson.loads(event.body) == SENDERS["radarr"].example
    assert work.subject == "job.ingest.webhooks.WebhookReceived"
    assert (await row(database, minted.id)).last_used_at is None  # nobody used the token


@pytest.mark.parametrize("sender", SENDERS)
async def test_every_sender_can_be_connected_and_tested(ana, database, sender):
    minted = (await ana.mint(sender)).integration
    await ana.test(minted.id)
    [listed] = await ana.list()
    assert listed.counts == {"received": 1}


async def test_somebody_elses_and_revoked_ones_are_not_there(ana, join):
    minted, bob = (await ana.mint("plex")).integration, join()
    for call in (bob.change(minted.id, name="mine"), bob.test(minted.id)):
        assert (await refusal(call)).reason == "INTEGRATION_NOT_FOUND"
    await ana.revoke(integration_id=minted.id)
    for call in (ana.change(minted.id, name="mine"), ana.test(minted.id)):
        assert (await refusal(call)).reason == "INTEGRATION_NOT_FOUND"


async def test_every_sender_says_how_to_set_it_up(ana):
    reply = await ana.ask("ListSenders", pb.ListSendersRequest())
    assert [sender.name for sender in reply.senders] == list(SENDERS)
    for sender in reply.senders:
        assert sender.title
        assert sender.instructions
        assert sender.default_effects.library
        assert "{token}" in sender.path or sender.name == "listenbrainz"
    schemas = {sender.name for sender in reply.senders if sender.schema_json}
    assert "generic" in schemas


async def test_only_the_gateway_asks_and_only_for_someone(channel_of, ana):
    request = pb.ListIntegrationsRequest()
    stranger = IntegrationServiceStub(channel_of("gateway"))
    assert (await refusal(stranger.ListIntegrations(request, timeout=5))).reason == "INVALID_TOKEN"
    menus = IntegrationServiceStub(channel_of("menus"))
    assert (await refusal(menus.ListIntegrations(request, timeout=5))).reason == (
        "CALLER_NOT_ALLOWED"
    )


async def test_nothing_works_any_more_once_a_user_is_deleted(ana, join, database):
    bob = join()
    events = [
        await person.test((await person.mint("plex")).integration.id) for person in (ana, bob)
    ]
    with Counted() as statements:
        async with database.sessions.begin() as session:
            await integrations.forget_user(session, user_id=ana.user_id)
    assert statements() == 1  # however much there is
    assert await ana.list() == []
    [kept] = await bob.list()
    async with database.readers() as session:
        hashes = await session.scalars(select(Integration.token_hash))
        assert sum(each is not None for each in hashes) == 1
        assert [await find_event(session, each) is None for each in events] == [True, False]
    assert kept.counts == {"received": 1}


async def test_what_a_deleted_user_leaves_goes_bit_by_bit(ana, join, database):
    bob = join()
    for person in (ana, bob):
        for name in ("den", "attic"):
            minted = (await person.mint("plex", name)).integration
            for _ in range(2):
                await person.test(minted.id)
    async with database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(ana.user_id)))
    dealt_with = []
    for _ in range(4):
        async with database.sessions.begin() as session:
            dealt_with.append(await sweep_forgotten_integrations(session, 3))
    assert dealt_with == [3, 3, 0, 0]
    async with database.readers() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookEvent)) == 4
        assert set(await session.scalars(select(Integration.user_id))) == {bob.user_id}
