"""Small in-memory services that speak the real contract, so that the gateway has neighbours."""

import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.timestamp_pb2 import Timestamp

from common.errors import DomainError, Kind
from common.requests import current_caller
from tastebuds.auth.v1 import account_service_pb2 as accounts_pb
from tastebuds.auth.v1 import key_service_pb2, user_pb2
from tastebuds.auth.v1 import session_service_pb2 as sessions_pb
from tastebuds.auth.v1.account_service_pb2_grpc import AccountServiceServicer
from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceServicer
from tastebuds.auth.v1.session_service_pb2_grpc import SessionServiceServicer
from tastebuds.catalog.v1 import media_pb2
from tastebuds.ingest.v1 import ingest_service_pb2 as ingest_pb
from tastebuds.ingest.v1 import job_pb2
from tastebuds.ingest.v1.ingest_service_pb2_grpc import IngestServiceServicer
from tastebuds.menus.v1 import course_pb2, public_menu_service_pb2
from tastebuds.menus.v1 import course_service_pb2 as courses_pb
from tastebuds.menus.v1 import menu_service_pb2 as menus_pb
from tastebuds.menus.v1.course_service_pb2_grpc import CourseServiceServicer
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceServicer
from tastebuds.menus.v1.public_menu_service_pb2_grpc import PublicMenuServiceServicer

# The same in every process that runs tests: it is a part of their names.
UNKNOWN = "0198c0de-6f3a-7cc0-9d1b-3b1f0a4e2c11"
CREATED = Timestamp(seconds=1_700_000_000, nanos=123_456_000)


class Fact(DomainError):
    def __init__(self, kind: Kind, reason: str, message: str, **more: object) -> None:
        super().__init__(message, **more)
        self.kind, self.reason = kind, reason


def not_found(what: str) -> Fact:
    return Fact(Kind.NOT_FOUND, f"{what.upper().replace(' ', '_')}_NOT_FOUND", f"{what} not found")


def after(seconds: float) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromNanoseconds(time.time_ns() + int(seconds * 1e9))
    return timestamp


@dataclass
class World:
    """What the stand-ins know, and knobs that tests turn."""

    people: object
    users: dict = field(default_factory=dict)
    passwords: dict = field(default_factory=dict)
    refresh_tokens: dict = field(default_factory=dict)
    media: dict = field(default_factory=dict)
    menus: dict = field(default_factory=dict)
    documents: dict = field(default_factory=dict)
    jobs: dict = field(default_factory=dict)
    states: dict = field(default_factory=dict)
    logs: dict = field(default_factory=dict)
    integrations: dict = field(default_factory=dict)
    webhook_events: dict = field(default_factory=dict)
    reports: dict = field(default_factory=dict)
    dead_letters: dict = field(default_factory=dict)
    letters_read: int = 500
    # What becomes of webhook events that a person decided on; 0: they are done at once.
    decides: int = 0
    source_states: list = field(default_factory=list)
    search: dict = field(default_factory=dict)
    answers: list = field(default_factory=list)
    previews: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    calls: dict = field(default_factory=dict)
    broken: dict = field(default_factory=dict)
    before_answer: object = None
    # What menus, fields and profiles say of works.
    appearances: list = field(default_factory=list)
    field_sources: list = field(default_factory=list)
    survivors: dict = field(default_factory=dict)
    merges: dict = field(default_factory=dict)
    suspects: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    tagged: set = field(default_factory=set)
    availability: dict = field(default_factory=dict)
    profiles: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)

    def forget(self) -> None:
        """All but the people, as at the start."""
        vars(self).update(vars(World(self.people)))

    def called(self, name: str, request=None) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        self.requests.append(request)
        if name in self.broken:
            raise self.broken[name]

    def add_user(self, email="ada@example.org", password="correct horse", name=None) -> UUID:  # noqa: S107
        user_id = uuid4()
        user = user_pb2.User(id=str(user_id), email=email, display_name=name, created_at=CREATED)
        self.users[str(user_id)] = user
        self.passwords[email] = password
        return user_id

    def tokens(self, user_id: str):
        refresh = uuid4().hex
        self.refresh_tokens[refresh] = user_id
        return accounts_pb.Tokens(
            access_token=self.people.token(UUID(user_id)),
            refresh_token=refresh,
            access_expires_at=after(1800),
            refresh_expires_at=after(604800),
        )

    def me(self) -> user_pb2.User:
        user = self.users.get(str(current_caller().user_id))
        if user is None:
            raise Fact(Kind.UNAUTHENTICATED, "USER_NOT_FOUND", "User not found")
        return user


class StandIn:
    def __init__(self, world: World) -> None:
        self.world = world


class Accounts(StandIn, AccountServiceServicer):
    async def Register(self, request, context):
        self.world.called("Register", request)
        if request.email in self.world.passwords:
            raise Fact(Kind.CONFLICT, "EMAIL_ALREADY_REGISTERED", "Email already registered")
        name = request.display_name if request.HasField("display_name") else None
        user_id = str(self.world.add_user(request.email, request.password, name))
        return accounts_pb.RegisterResponse(
            user=self.world.users[user_id], tokens=self.world.tokens(user_id)
        )

    async def Login(self, request, context):
        self.world.called("Login", request)
        if self.world.passwords.get(request.email) != request.password:
            raise Fact(Kind.UNAUTHENTICATED, "INVALID_CREDENTIALS", "Invalid credentials")
        user = next(u for u in self.world.users.values() if u.email == request.email)
        return accounts_pb.LoginResponse(user=user, tokens=self.world.tokens(user.id))

    async def GetAccount(self, request, context):
        self.world.called("GetAccount")
        return accounts_pb.GetAccountResponse(user=self.world.me())

    async def UpdateAccount(self, request, context):
        user = self.world.me()
        user.ClearField("display_name")
        if request.HasField("display_name"):
            user.display_name = request.display_name
        return accounts_pb.UpdateAccountResponse(user=user)

    async def ChangePassword(self, request, context):
        user = self.world.me()
        if self.world.passwords[user.email] != request.current_password:
            raise Fact(Kind.FORBIDDEN, "WRONG_PASSWORD", "The current password is wrong.")
        self.world.passwords[user.email] = request.new_password
        return accounts_pb.ChangePasswordResponse()

    async def DeleteAccount(self, request, context):
        del self.world.users[self.world.me().id]
        return accounts_pb.DeleteAccountResponse()


class Sessions(StandIn, SessionServiceServicer):
    async def Refresh(self, request, context):
        self.world.called("Refresh", request)
        user_id = self.world.refresh_tokens.pop(request.refresh_token, None)
        if user_id is None:
            message = "Invalid or expired refresh token"
            raise Fact(Kind.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN", message)
        return sessions_pb.RefreshResponse(
            user=self.world.users[user_id], tokens=self.world.tokens(user_id)
        )

    async def Logout(self, request, context):
        self.world.called("Logout", request)
        self.world.refresh_tokens.pop(request.refresh_token, None)
        return sessions_pb.LogoutResponse()

    async def ListSessions(self, request, context):
        self.world.called("ListSessions", request)
        caller = current_caller()
        session = sessions_pb.Session(
            id=str(caller.session_id), created_at=CREATED, last_used_at=CREATED,
            expires_at=after(600), is_active=True, is_current=True,
            client=accounts_pb.Client(address="192.0.2.7", user_agent="test"),
        )  # fmt: skip
        return sessions_pb.ListSessionsResponse(
            sessions=[session], next_page_token="" if request.page_token else "more & more"
        )

    async def RevokeSession(self, request, context):
        self.world.called("RevokeSession", request)
        raise not_found("Session")

    async def RevokeAllSessions(self, request, context):
        self.world.called("RevokeAllSessions", request)
        return sessions_pb.RevokeAllSessionsResponse(revoked_count=2)


class Keys(StandIn, KeyServiceServicer):
    async def ListVerificationKeys(self, request, context):
        raw = self.world.people.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = key_service_pb2.VerificationKey(kid="test", public_key=raw)
        return key_service_pb2.ListVerificationKeysResponse(keys=[key])


def source() -> media_pb2.MediaSource:
    return media_pb2.MediaSource(
        id=str(uuid4()), source_name="tmdb", external_id="movie:603", fetched_at=CREATED
    )


class Ingest(StandIn, IngestServiceServicer):
    async def IngestMedia(self, request, context):
        self.world.called("IngestMedia", request)
        if request.source == "lastfm" and request.defer:
            job = job_pb2.Job(
                id=str(uuid4()), state=job_pb2.JOB_STATE_WAITING, total=1, attempts=1,
                next_try_at=after(41.5), created_at=CREATED, updated_at=CREATED, version=1,
                last_error="lastfm asks for a pause",
            )  # fmt: skip
            return ingest_pb.IngestMediaResponse(job=job, source_name="lastfm")
        if request.source not in ("tmdb", "igdb"):
            message = f"Unknown source: {request.source}"
            raise Fact(Kind.INVALID, "UNKNOWN_SOURCE", message, source=request.source)
        if request.source == "igdb":
            message = "igdb temporarily unavailable"
            raise Fact(Kind.UNAVAILABLE, "CIRCUIT_OPEN", message, retry_after=12.2)
        if not request.external_id and not request.url:
            raise Fact(Kind.INVALID, "IDENTIFIER_REQUIRED", "Identifier required")
        item = media_pb2.MediaItem(
            id=str(uuid4()), media_type=media_pb2.MEDIA_TYPE_MOVIE, title="The Matrix"
        )
        item.screen.runtime_minutes = 136
        return ingest_pb.IngestMediaResponse(item=item, sources=[source()], source_name="tmdb")

    async def ListSources(self, request, context):
        self.world.called("ListSources")
        return ingest_pb.ListSourcesResponse(sources=self.world.source_states)


class Menus(StandIn, MenuServiceServicer):
    """Menus are JSON here already, in bytes that the gateway would not write in this way."""

    async def CreateMenu(self, request, context):
        self.world.called("CreateMenu", request)
        time = CREATED.ToJsonString()
        menu = {
            "id": str(uuid4()), "title": request.title, "slug": "a-night",
            "description": request.description if request.HasField("description") else None,
            "is_public": request.is_public, "created_at": time, "updated_at": time,
            "courses": [], "pairings": [], "owner_id": str(current_caller().user_id),
        }  # fmt: skip
        self.world.menus[menu["id"]] = menu
        return menus_pb.CreateMenuResponse(document=document(menu))

    async def ListMenus(self, request, context):
        self.world.called("ListMenus", request)
        return menus_pb.ListMenusResponse(
            documents=map(document, self.world.menus.values()),
            next_page_token="" if request.page_token else "next",
        )

    async def GetMenu(self, request, context):
        return menus_pb.GetMenuResponse(document=document(self._menu(request.menu_id)))

    async def UpdateMenu(self, request, context):
        self.world.called("UpdateMenu", request)
        menu = self._menu(request.menu_id)
        stale = request.HasField("expected_updated_at") and (
            request.expected_updated_at.ToJsonString() != menu["updated_at"]
        )
        if stale:
            message = "The menu was changed in the meantime."
            raise Fact(Kind.STALE, "STALE_EDIT", message, current_updated_at=menu["updated_at"])
        for name in ("title", "description", "is_public"):
            if request.HasField(name):
                menu[name] = getattr(request, name)
        return menus_pb.UpdateMenuResponse(document=document(menu))

    async def DeleteMenu(self, request, context):
        del self.world.menus[self._menu(request.menu_id)["id"]]
        return menus_pb.DeleteMenuResponse()

    def _menu(self, menu_id):
        menu = self.world.menus.get(menu_id)
        if menu is None or menu["owner_id"] != str(current_caller().user_id):
            raise not_found("Menu")
        return menu


def document(menu: dict) -> bytes:
    return orjson.dumps(menu, option=orjson.OPT_INDENT_2)


def course(new: menus_pb.NewCourse) -> course_pb2.Course:
    return course_pb2.Course(
        id=str(uuid4()), title=new.title, position=new.position or 1, updated_at=CREATED,
        items=[course_item(item) for item in new.items],
    )  # fmt: skip


def course_item(new: menus_pb.NewCourseItem) -> course_pb2.CourseItem:
    return course_pb2.CourseItem(
        id=str(uuid4()), media_item_id=new.media_item_id, position=new.position or 1,
        updated_at=CREATED, notes=new.notes if new.HasField("notes") else None,
        media_item=media_pb2.MediaItem(
            id=new.media_item_id, media_type=media_pb2.MEDIA_TYPE_TV, title="The Wire",
            creators=["David Simon"],
        ),
    )  # fmt: skip


class Courses(StandIn, CourseServiceServicer):
    """Answers what was asked for; the tests look at the request that came."""

    async def AddCourse(self, request, context):
        self.world.called("AddCourse", request)
        return courses_pb.AddCourseResponse(course=course(request.course))

    async def UpdateCourse(self, request, context):
        self.world.called("UpdateCourse", request)
        changed = course_pb2.Course(id=request.course_id, title=request.title, updated_at=CREATED)
        return courses_pb.UpdateCourseResponse(course=changed)

    async def DeleteCourse(self, request, context):
        self.world.called("DeleteCourse", request)
        return courses_pb.DeleteCourseResponse()

    async def ReorderCourses(self, request, context):
        self.world.called("ReorderCourses", request)
        if request.menu_id not in self.world.menus:
            raise not_found("Menu")
        menu = self.world.menus[request.menu_id]
        return courses_pb.ReorderCoursesResponse(document=document(menu))

    async def AddCourseItem(self, request, context):
        self.world.called("AddCourseItem", request)
        return courses_pb.AddCourseItemResponse(item=course_item(request.item))

    async def UpdateCourseItem(self, request, context):
        self.world.called("UpdateCourseItem", request)
        changed = course_pb2.CourseItem(id=request.course_item_id, updated_at=CREATED)
        return courses_pb.UpdateCourseItemResponse(item=changed)

    async def DeleteCourseItem(self, request, context):
        self.world.called("DeleteCourseItem", request)
        return courses_pb.DeleteCourseItemResponse()

    async def ReorderCourseItems(self, request, context):
        self.world.called("ReorderCourseItems", request)
        message = "Item IDs must match the existing course items."
        raise Fact(Kind.INVALID, "ITEM_IDS_MISMATCH", message)

    async def MoveCourseItem(self, request, context):
        self.world.called("MoveCourseItem", request)
        moved = course_pb2.CourseItem(id=request.course_item_id, updated_at=CREATED, position=4)
        return courses_pb.MoveCourseItemResponse(item=moved)


class PublicMenus(StandIn, PublicMenuServiceServicer):
    async def GetPublicMenu(self, request, context):
        self.world.called("GetPublicMenu", request)
        document = self.world.documents.get(request.slug)
        if self.world.before_answer is not None:
            await self.world.before_answer()
        if document is None:
            raise not_found("Menu")
        body, etag = document
        return public_menu_service_pb2.GetPublicMenuResponse(document=body, etag=etag)
