"""How many RPCs and SQL statements a request makes: known, and asserted."""

import re

import pytest

REQUESTS, MEASUREMENTS = 10, 6
SERVICES = ("auth", "catalog", "ingest", "menus")
RPCS = re.compile(r"^grpc_server_handled_total\{[^}]*\} (\S+)$", re.MULTILINE)
STATEMENTS = re.compile(r"^sql_statements_total (\S+)$", re.MULTILINE)


def counts(stack):
    """(RPCs answered, SQL statements sent by them) of all services so far."""
    rpcs = statements = 0.0
    for service in SERVICES:
        text = stack.ops_text(service, "/metrics")
        rpcs += sum(float(count) for count in RPCS.findall(text))
        statements += sum(float(count) for count in STATEMENTS.findall(text))
    return rpcs, statements


@pytest.fixture
def cost(stack):
    """What a request costs in (RPCs, statements).

    The services do things by themselves as well (their relays look for events every second, and
    telling their counts takes statements too), which can only add: the least of several
    measurements counts, less that of doing nothing.
    """

    def once(requests):
        before = counts(stack)
        for request in requests:
            assert request().is_success
        return [b - a for a, b in zip(before, counts(stack), strict=True)]

    def least(*requests):
        return [
            min(each) for each in zip(*(once(requests) for _ in range(MEASUREMENTS)), strict=True)
        ]

    def measure(request):
        request()  # connections are open, tokens verified, snapshots known
        nothing, measured = least(), least(*[request] * REQUESTS)
        return tuple(round((m - n) / REQUESTS) for n, m in zip(nothing, measured, strict=True))

    return measure


def test_reading_a_public_menu_costs_nothing_once_warm(cost, visitor, make_menu):
    menu = make_menu("Cheap Thrills", is_public=True)
    assert cost(lambda: visitor.get(f"/api/public/menus/{menu['slug']}")) == (0, 0)


def test_reading_ones_account_costs_nothing_once_warm(cost, curator):
    assert cost(lambda: curator.get("/api/me")) == (0, 0)


def test_listing_menus_is_one_rpc_and_one_statement(cost, curator, make_menu):
    for number in range(3):
        make_menu(f"Menu {number}", courses=3, items=5)
    assert cost(lambda: curator.get("/api/menus")) == (1, 1)


def test_a_menu_is_one_rpc_and_one_statement(cost, curator, make_menu):
    menu = make_menu()
    assert cost(lambda: curator.get(f"/api/menus/{menu['id']}")) == (1, 1)


def test_a_search_is_one_rpc_and_one_statement(cost, curator, add_work):
    add_work("The Cheap Search")
    assert cost(lambda: curator.get("/api/search", params={"q": "cheap"})) == (1, 1)
    assert cost(lambda: curator.get("/api/search/suggest", params={"q": "the ch"})) == (1, 1)


def test_an_item_page_is_one_rpc(cost, visitor, add_work):
    media_id = add_work("The Cheap Page")
    rpcs, statements = cost(lambda: visitor.get(f"/api/media/{media_id}"))
    assert rpcs == 1
    assert statements <= 2


@pytest.mark.parametrize(
    "path",
    [
        "/api/integrations/inbox",
        "/api/ingest/jobs",
        "/api/me/states",
        "/api/me/logs",
    ],
)
def test_a_list_of_ones_own_is_one_rpc_and_one_statement(cost, curator, path):
    assert cost(lambda: curator.get(path)) == (1, 1)


def test_integrations_are_two_rpcs(cost, curator):
    """What there is to connect, and what is connected."""
    assert cost(lambda: curator.get("/api/integrations")) == (2, 2)
