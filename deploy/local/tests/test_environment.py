import socket

import pytest

from stack import ports
from stack.databases import service_url
from stack.environment import plain_environment
from stack.errors import StackError
from stack.ports import PortUse, check_free, free_base
from stack.services import SERVICES
from stack.settings import load


def test_each_service_gets_its_addresses_and_secrets(plan_of, tmp_path):
    plan = plan_of({"TASTEBUDS_PORT": "9000"})
    env = plan.environment(plan.service("menus"))
    password = plan.passwords()["menus"]
    assert env["MENUS_DATABASE_URL"] == (
        f"postgresql+asyncpg://menus:{password}@127.0.0.1:9032/tastebuds"
    )
    assert env["MENUS_NATS_URL"] == "nats://127.0.0.1:9042"
    assert env["MENUS_GRPC_LISTEN"] == "127.0.0.1:9024"
    assert env["MENUS_OPS_LISTEN"] == "127.0.0.1:9014"
    assert env["MENUS_CATALOG_TARGET"] == "ipv4:127.0.0.1:9022"
    ingest = plan.environment(plan.service("ingest"))
    assert ingest["INGEST_WEBHOOK_LISTEN"] == "127.0.0.1:9015"
    assert env["MENUS_TLS_DIR"] == str(tmp_path / ".tastebuds" / "tls" / "menus")
    assert not [name for name in env if name.startswith("CATALOG_")]
    assert "GATEWAY_DATABASE_URL" not in plan.environment(plan.service("gateway"))


def test_replicas_move_by_a_hundred_and_are_all_targets(plan_of):
    plan = plan_of({"CATALOG_REPLICAS": "2"})
    assert [name for name, _, _ in plan.processes()].count("catalog-2") == 1
    second = plan.environment(plan.service("catalog"), 1)
    assert second["CATALOG_GRPC_LISTEN"] == "127.0.0.1:8522"
    gateway = plan.environment(plan.service("gateway"))
    assert gateway["GATEWAY_CATALOG_TARGET"] == "ipv4:127.0.0.1:8422,127.0.0.1:8522"


def test_all_replicas_hand_out_the_same_address_for_webhooks(plan_of):
    plan = plan_of({"TASTEBUDS_PORT": "9000", "INGEST_REPLICAS": "2"})
    ingest = plan.service("ingest")
    told = {plan.environment(ingest, each)["INGEST_WEBHOOK_PUBLIC_URL"] for each in (0, 1)}
    assert told == {"http://127.0.0.1:9015"}
    plan = plan_of({"INGEST_WEBHOOK_PUBLIC_URL": "https://hooks.example.org"})
    told = plan.environment(ingest, 1)["INGEST_WEBHOOK_PUBLIC_URL"]
    assert told == "https://hooks.example.org"


def test_the_catalogue_is_told_how_long_answers_of_sources_are_kept(plan_of):
    plan = plan_of({"INGEST_RAW_PAYLOAD_RETENTION_DAYS": "7", "INGEST_TMDB_TOKEN": "secret"})
    env = plan.environment(plan.service("catalog"))
    assert env["INGEST_RAW_PAYLOAD_RETENTION_DAYS"] == "7"
    assert "INGEST_TMDB_TOKEN" not in env


def test_grpc_works_as_it_costs_least_unless_the_user_wants_otherwise(plan_of, monkeypatch):
    plan = plan_of({})
    monkeypatch.delenv("GRPC_EXPERIMENTS", raising=False)
    usual = plan.full_environment(plan.service("catalog"))
    assert usual["GRPC_EXPERIMENTS"] == "-event_engine_client,-event_engine_listener"
    monkeypatch.setenv("GRPC_EXPERIMENTS", "event_engine_client")
    wanted = plan.full_environment(plan.service("catalog"))
    assert wanted["GRPC_EXPERIMENTS"] == "event_engine_client"


def test_what_the_user_sets_wins_and_follows_through(plan_of):
    plan = plan_of({"CATALOG_GRPC_LISTEN": "0.0.0.0:7000", "TASTEBUDS_LOG_FORMAT": "json"})
    menus = plan.environment(plan.service("menus"))
    assert menus["MENUS_CATALOG_TARGET"] == "ipv4:127.0.0.1:7000"
    assert menus["TASTEBUDS_LOG_FORMAT"] == "json"
    assert PortUse(7000, "catalog") in plan.ports()


def test_the_environment_wins_over_the_env_file(tmp_path):
    (tmp_path / ".env").write_text(
        "TASTEBUDS_PORT=9100\nINGEST_TMDB_TOKEN=from$file\nINGEST_LASTFM_KEY=\n"
    )
    settings = load(tmp_path, {"TASTEBUDS_PORT": "9200"}, SERVICES)
    assert settings.base_port == 9200
    assert settings.variables["INGEST_TMDB_TOKEN"] == "from$file"
    assert "INGEST_LASTFM_KEY" not in settings.variables


def test_no_service_sees_the_administrators_password(plan_of):
    plan = plan_of({"TASTEBUDS_DATABASE_URL": "postgresql://root:top@db.example.org/postgres"})
    for service in plan.services:
        assert "top" not in str(plan.environment(service).values())
    menus = plan.environment(plan.service("menus"))
    assert menus["MENUS_DATABASE_URL"].endswith("@db.example.org/tastebuds")
    assert "postgres" not in {use.process for use in plan.ports()}
    environ = {"PATH": "/bin", "TASTEBUDS_DATABASE_URL": "x", "AUTH_PEPPER": "y"}
    assert plain_environment(environ, SERVICES) == {"PATH": "/bin"}


def test_service_urls_keep_tls_and_escape_passwords():
    url = service_url("postgresql://a:b@db:5433/x?sslmode=require", "menus", "p@/w", "tastebuds")
    assert url == "postgresql+asyncpg://menus:p%40%2Fw@db:5433/tastebuds?ssl=require"


@pytest.mark.parametrize(
    "environ",
    [
        {"TASTEBUDS_PORT": "eighty"},
        {"TASTEBUDS_PORT": "80"},
        {"TASTEBUDS_PORT": "65500"},
        {"CATALOG_REPLICAS": "0"},
        {"TASTEBUDS_DATABASE_URL": "mysql://db"},
        {"TASTEBUDS_NATS_URL": "http://nats"},
    ],
)
def test_a_bad_setting_is_named(tmp_path, environ):
    with pytest.raises(StackError, match=next(iter(environ))):
        load(tmp_path, environ, SERVICES)


def test_a_taken_port_is_named_with_who_needs_it_and_what_to_do(plan_of):
    base = free_base(lambda base: [base, base + 14])
    plan = plan_of({"TASTEBUDS_PORT": str(base)})
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 14))
        other.listen()
        with pytest.raises(StackError) as raised:
            check_free(plan.ports(), base, lambda at: [use.port for use in plan.at(at).ports()])
    text = str(raised.value)
    assert f"Port {base + 14}, which menus needs" in text
    assert "TASTEBUDS_PORT=" in text
    assert "\n" not in text
    assert ports.is_free(base + 14)
