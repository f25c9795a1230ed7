import asyncio
from uuid import uuid4

import grpc
import pytest

from catalog.consumers import on_user_deleted
from catalog.tags import repository
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.catalog.v1 import tag_service_pb2 as pb
from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceStub

from .library_desk import refused
from .works import DUNE, MATRIX, book, upsert


class TagDesk:
    """Tags as one person uses them."""

    def __init__(self, tagging, people, roles=()):
        self.tagging, self.people = tagging, people
        self.user_id = uuid4()
        self.metadata = people.metadata(self.user_id, roles)

    def of(self, roles=()):
        """Somebody else."""
        return TagDesk(self.tagging, self.people, roles)

    async def create(self, name, *, is_shared=False):
        request = pb.CreateTagRequest(name=name, is_shared=is_shared)
        return (await self.tagging.CreateTag(request, metadata=self.metadata)).tag

    async def rename(self, tag, name):
        request = pb.RenameTagRequest(tag_id=tag.id, name=name)
        return (await self.tagging.RenameTag(request, metadata=self.metadata)).tag

    async def delete(self, tag):
        request = pb.DeleteTagRequest(tag_id=tag.id)
        await self.tagging.DeleteTag(request, metadata=self.metadata)

    async def merge(self, tag, into):
        request = pb.MergeTagsRequest(tag_id=tag.id, into_tag_id=into.id)
        return (await self.tagging.MergeTags(request, metadata=self.metadata)).tag

    async def attach(self, tag, *works):
        request = pb.AttachTagRequest(tag_id=tag.id, media_item_ids=works)
        return await self.tagging.AttachTag(request, metadata=self.metadata)

    async def detach(self, tag, *works):
        request = pb.DetachTagRequest(tag_id=tag.id, media_item_ids=works)
        return (await self.tagging.DetachTag(request, metadata=self.metadata)).detached_count

    async def page(self, **asked):
        return await self.tagging.ListTags(pb.ListTagsRequest(**asked), metadata=self.metadata)

    async def tags(self):
        """(name, shared, works) of all."""
        return [(tag.name, tag.is_shared, tag.media_count) for tag in (await self.page()).tags]

    async def on(self, *works):
        """Names of the tags on each work that has some."""
        request = pb.BatchGetTagsRequest(media_item_ids=works)
        reply = await self.tagging.BatchGetTags(request, metadata=self.metadata)
        return {one.media_item_id: [tag.name for tag in one.tags] for one in reply.media}


@pytest.fixture
def ana(tagging, people):
    return TagDesk(tagging, people)


@pytest.fixture
def admin(ana):
    return ana.of(["admin"])


@pytest.fixture
async def dune(ingest):
    return (await ingest.UpsertMedia(upsert(DUNE, "dune"))).item.id


@pytest.fixture
async def matrix(ingest):
    return (await ingest.UpsertMedia(upsert(MATRIX, "matrix"))).item.id


async def test_own_and_shared_tags_by_name(ana, admin):
    await ana.create("  Sea \n side ")
    await ana.create("air")
    await admin.create("Borders", is_shared=True)
    await admin.create("private")
    await ana.of().create("Zoo")
    assert await ana.tags() == [("air", False, 0), ("Borders", True, 0), ("Sea side", False, 0)]
    assert await admin.tags() == [("Borders", True, 0), ("private", False, 0)]


async def test_page_by_page(ana, admin):
    for name in ("Évening", "b", "a", "C", "d"):
        await ana.create(name)
    await admin.create("b", is_shared=True)
    everything = [tag.id for tag in (await ana.page()).tags]
    seen, token = [], ""
    for size in (2, 2, 2):
        page = await ana.page(page_size=2, page_token=token)
        assert len(page.tags) == size
        seen += [tag.id for tag in page.tags]
        token = page.next_page_token
    assert (seen, token) == (everything, "")
    for asked in ({"page_size": 1001}, {"page_size": -1}, {"page_token": "x"}):
        await refused("INVALID_PAGE", ana.page(**asked))
    for token in ("AAAA", "A" * 24, "_" * 40):
        await refused("INVALID_PAGE", ana.page(page_token=token))


async def test_a_name_is_there_once_whatever_its_case(ana, admin):
    await ana.create("Sea")
    error = await refused("TAG_EXISTS", ana.create("sEA"))
    assert error.metadata["name"] == "sEA"
    # Of another person, and shared, it is another one.
    await ana.of().create("sea")
    await admin.create("sea", is_shared=True)
    await refused("TAG_EXISTS", admin.create("SEA", is_shared=True))
    assert len(await ana.tags()) == 2


async def test_one_of_those_who_create_it_at_once_does(ana):
    replies = await asyncio.gather(
        *(ana.create(name) for name in ("sea", "Sea", "SEA") * 4), return_exceptions=True
    )
    assert sum(isinstance(reply, pb.Tag) for reply in replies) == 1
    for reply in replies:
        if isinstance(reply, grpc.aio.AioRpcError):
            assert reply.code() is grpc.StatusCode.ALREADY_EXISTS
    assert len(await ana.tags()) == 1


async def test_wrong_names_are_refused(ana):
    error = await refused("TAG_NAME_BLANK", ana.create(" \n "))
    assert error.message == "Tag name cannot be blank"
    for blank in ("", "\u200b\ufeff"):
        await refused("TAG_NAME_BLANK", ana.create(blank))
    assert (await ana.create("x" * 64)).name == "x" * 64
    for name in ("x" * 65, "a\0b"):
        error = await refused("INVALID_TAG", ana.create(name))
        assert error.metadata["field"] == "name"
    tag = await ana.create("sea")
    await refused("TAG_NAME_BLANK", ana.rename(tag, " "))
    await refused("INVALID_TAG", ana.rename(tag, "x" * 65))
    await refused("TAG_EXISTS", ana.rename(tag, "X" * 64))


async def test_there_is_an_end_to_tags(ana, sql):
    await sql(
        """insert into catalog.tags (id, owner_id, name, created_at)
           select gen_random_uuid(), :owner, 't' || n, now()
           from generate_series(1, :most) n returning id""",
        owner=ana.user_id,
        most=repository.MOST_OWN - 1,
    )
    await ana.create("the last")
    await refused("TAG_EXISTS", ana.create("t1"))
    error = await refused("TOO_MANY_TAGS", ana.create("one more"))
    assert error.kind.name == "INVALID"
    await ana.of().create("one more")


async def test_shared_tags_are_for_admins(ana, admin, dune):
    error = await refused("ADMIN_REQUIRED", ana.create("Sea", is_shared=True))
    assert error.kind.name == "FORBIDDEN"
    shared = await admin.create("Sea", is_shared=True)
    await refused("ADMIN_REQUIRED", ana.attach(shared, dune))
    assert (await admin.attach(shared, dune)).attached_count == 1
    await refused("ADMIN_REQUIRED", ana.detach(shared, dune))
    await refused("TAG_NOT_FOUND", ana.rename(shared, "Land"))
    await refused("TAG_NOT_FOUND", ana.delete(shared))
    await refused("TAG_NOT_FOUND", ana.merge(shared, await ana.create("own")))
    await refused("TAG_NOT_FOUND", ana.merge(await ana.create("other"), shared))
    assert await ana.on(dune) == {dune: ["Sea"]}
    assert (await admin.rename(shared, "Land")).media_count == 1
    await admin.delete(shared)
    assert await ana.on(dune) == {}


async def test_nobody_touches_the_tags_of_another(ana, admin, dune):
    tag, own = await ana.create("Sea"), await admin.create("own")
    await ana.attach(tag, dune)
    for other in (ana.of(), admin):
        await refused("TAG_NOT_FOUND", other.rename(tag, "x"))
        await refused("TAG_NOT_FOUND", other.delete(tag))
        error = await refused("TAG_NOT_AVAILABLE", other.attach(tag, dune))
        assert (error.kind.name, error.message) == ("INVALID", "Tag not available")
        error = await refused("TAG_NOT_AVAILABLE", other.detach(tag, dune))
        assert (error.kind.name, error.message) == ("NOT_FOUND", "Tag not available")
        assert await other.on(dune) == {}
    await refused("TAG_NOT_FOUND", admin.merge(tag, own))
    await refused("TAG_NOT_FOUND", admin.merge(own, tag))
    assert await ana.tags() == [("Sea", False, 1)]


async def test_rename_and_delete(ana, dune):
    tag = await ana.create("Sea")
    await ana.attach(tag, dune)
    renamed = await ana.rename(tag, " SEA ")
    assert (renamed.id, renamed.name, renamed.media_count) == (tag.id, "SEA", 1)
    await ana.delete(tag)
    assert (await ana.tags(), await ana.on(dune)) == ([], {})
    error = await refused("TAG_NOT_FOUND", ana.delete(tag))
    assert error.message == "Tag not found"
    await refused("TAG_NOT_FOUND", ana.rename(tag, "x"))
    await refused("INVALID_ID", ana.delete(pb.Tag(id="zz")))


async def test_many_works_at_once(ana, ingest):
    tag = await ana.create("Sea")
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(5)
    ]
    reply = await ana.attach(tag, *works[:2])
    assert (reply.attached_count, reply.tag.media_count) == (2, 2)
    reply = await ana.attach(tag, *works, works[0])
    assert (reply.attached_count, reply.tag.media_count) == (3, 5)
    error = await refused("MEDIA_ITEM_NOT_AVAILABLE", ana.attach(tag, works[0], str(uuid4())))
    assert (error.kind.name, error.message) == ("INVALID", "Media item not found")
    assert await ana.detach(tag, *works[3:], str(uuid4())) == 2
    error = await refused("TAG_NOT_ASSIGNED", ana.detach(tag, *works[3:]))
    assert error.message == "Tag not assigned to media"
    assert await ana.tags() == [("Sea", False, 3)]
    for call in (ana.attach, ana.detach):
        error = await refused("INVALID_TAG", call(tag))
        assert error.metadata["field"] == "media_item_ids"
        await refused("TOO_MANY", call(tag, *[works[0]] * 501))
        await refused("INVALID_ID", call(tag, "zz"))
    # When one is unknown nothing is tagged.
    other = await ana.create("Land")
    await refused("MEDIA_ITEM_NOT_AVAILABLE", ana.attach(other, works[0], str(uuid4())))
    assert await ana.on(works[0]) == {works[0]: ["Sea"]}


async def test_works_are_tagged_at_once_in_any_order(ana, ingest):
    tag = await ana.create("Sea")
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(12)
    ]
    replies = await asyncio.gather(
        *(ana.attach(tag, *order) for order in (works, works[::-1]) for _ in range(4))
    )
    assert sum(reply.attached_count for reply in replies) == 12
    assert await ana.tags() == [("Sea", False, 12)]


async def test_one_tag_becomes_another(ana, admin, dune, matrix):
    one, other = await ana.create("Sea"), await ana.create("Ocean")
    await ana.attach(one, dune, matrix)
    await ana.attach(other, dune)
    merged = await ana.merge(one, other)
    assert (merged.id, merged.name, merged.media_count) == (other.id, "Ocean", 2)
    assert await ana.tags() == [("Ocean", False, 2)]
    assert await ana.on(dune, matrix) == {dune: ["Ocean"], matrix: ["Ocean"]}
    error = await refused("INVALID_TAG", ana.merge(other, other))
    assert error.metadata["field"] == "into_tag_id"
    await refused("TAG_NOT_FOUND", ana.merge(one, other))
    await refused("TAG_NOT_FOUND", ana.merge(other, one))
    shared = await admin.create("Water", is_shared=True)
    private = await admin.create("Wet")
    error = await refused("INVALID_TAG", admin.merge(shared, private))
    assert error.message == "into_tag_id must be a shared tag, as the other one is."
    await admin.attach(private, dune)
    assert (await admin.merge(private, shared)).media_count == 1
    assert await ana.on(dune) == {dune: ["Ocean", "Water"]}


async def test_merges_and_tagging_at_once_lose_nothing(ana, ingest):
    works = [
        (await ingest.UpsertMedia(upsert(book(f"Tidewatch {number}"), f"n{number}"))).item.id
        for number in range(6)
    ]
    one, other = await ana.create("Sea"), await ana.create("Ocean")
    replies = await asyncio.gather(
        *(ana.attach(one, work) for work in works[:3]),
        ana.merge(one, other),
        ana.merge(other, one),
        *(ana.attach(one, work) for work in works[3:]),
        return_exceptions=True,
    )
    ((_, _, count),) = await ana.tags()
    attached = [reply for reply in replies if isinstance(reply, pb.AttachTagResponse)]
    assert count == len(attached)
    for reply in replies:
        if isinstance(reply, grpc.aio.AioRpcError):
            assert reply.code() in {
                grpc.StatusCode.NOT_FOUND,
                grpc.StatusCode.INVALID_ARGUMENT,
            }


async def test_tags_of_many_works(ana, admin, dune, matrix, sql):
    assert await ana.on() == {}
    own, shared = await ana.create("sea"), await admin.create("Air", is_shared=True)
    await ana.attach(own, dune, matrix)
    await admin.attach(shared, dune)
    stranger = ana.of()
    await stranger.attach(await stranger.create("x"), dune)
    assert await ana.on(dune, matrix, str(uuid4())) == {dune: ["Air", "sea"], matrix: ["sea"]}
    request = pb.BatchGetTagsRequest(media_item_ids=[matrix])
    (tags,) = (await ana.tagging.BatchGetTags(request, metadata=ana.metadata)).media
    assert (tags.tags[0].id, tags.tags[0].media_count) == (own.id, 2)
    await refused("TOO_MANY", ana.on(*[dune] * 501))
    await refused("INVALID_ID", ana.on("zz"))
    # The name under which a work was asked for is the name of the answer.
    await sql("delete from catalog.media_item_tags where media_item_id = :id returning 1", id=dune)
    await sql(
        "update catalog.media_items set merged_into = :into where id = :id returning id",
        id=dune,
        into=matrix,
    )
    assert await ana.on(dune, matrix) == {dune: ["sea"], matrix: ["sea"]}
    assert (await ana.attach(own, dune, matrix)).attached_count == 0
    assert await ana.detach(own, dune) == 1
    assert await ana.on(matrix) == {}


async def test_few_statements_each(ana, dune, matrix, statements):
    async def counted(call):
        statements()
        result = await call
        return result, statements()

    one, count = await counted(ana.create("Sea"))
    assert count == 1
    other, _ = await counted(ana.create("Ocean"))
    for call, count in (
        (ana.page(), 1),
        (ana.rename(one, "Water"), 1),
        (ana.attach(one, dune, matrix), 3),
        (ana.on(dune, matrix), 1),
        (ana.detach(one, dune), 2),
        (ana.merge(one, other), 3),
        (ana.delete(other), 1),
    ):
        assert (await counted(call))[1] == count


async def test_own_tags_go_with_their_owner(ana, admin, dune, database):
    """None of them becomes everybody's."""
    shared = await admin.create("Air", is_shared=True)
    for desk in (ana, admin):
        await desk.attach(await desk.create("sea"), dune)
    await admin.attach(shared, dune)
    for desk in (ana, admin):
        async with database.sessions.begin() as session:
            await on_user_deleted(session, UserDeleted(user_id=str(desk.user_id)))
    assert await ana.of().tags() == [("Air", True, 1)]
    assert await ana.tags() == [("Air", True, 1)]


async def test_only_the_gateway_may_call(connect, people, database):
    stub = TagServiceStub(connect("ingest"))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListTags(pb.ListTagsRequest(), metadata=people.metadata(uuid4()))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
