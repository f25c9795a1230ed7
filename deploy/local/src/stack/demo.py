"""Seeds the demo through the public API: `python -m stack.demo BASE_URL HOME`.

Safe to run again: the curator, the works and the menu are found when they are there.
"""

import sys
from pathlib import Path
from typing import Any

import httpx

from stack.demo_menu import COURSES, DESCRIPTION, TITLE, Work
from stack.errors import StackError
from stack.files import kept_secret, write_private

EMAIL = "curator@example.org"
NAME = "The curator"


def main() -> None:
    base_url, home = sys.argv[1], Path(sys.argv[2])
    try:
        print(seed(base_url, home))
    except (StackError, httpx.HTTPError) as error:
        sys.exit(str(error))


def seed(base_url: str, home: Path) -> str:
    """Make curator, works and menu where they are missing; return what to tell the newcomer."""
    password = kept_secret(home / "secrets" / "demo-password")
    with httpx.Client(base_url=base_url, timeout=30) as client:
        is_new = _sign_in(client, password)
        menu = _existing_menu(client) or _create_menu(client)
    write_private(home / "demo-menu", menu["slug"] + "\n")
    told = f'"{TITLE}" is served'
    return f"{told}\nsign in as {EMAIL} with the password {password}" if is_new else told


def _sign_in(client: httpx.Client, password: str) -> bool:
    """Register the curator or log in; return whether the account is new."""
    account = {"email": EMAIL, "password": password}
    answer = client.post("/api/auth/register", json={**account, "display_name": NAME})
    is_new = answer.is_success
    if answer.status_code == httpx.codes.BAD_REQUEST:
        answer = client.post("/api/auth/login", json=account)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise StackError(
                f"{EMAIL} exists but the password in secrets/demo-password is not its own; "
                "TASTEBUDS_DEMO=off skips the demo"
            )
    client.headers["Authorization"] = f"Bearer {_json(answer)['access_token']}"
    # By token only: a cookie beside it would ask for an Origin (CSRF).
    client.cookies.clear()
    return is_new


def _existing_menu(client: httpx.Client) -> dict[str, Any] | None:
    url: str | None = "/api/menus"
    while url:
        answer = client.get(url)
        menus: list[dict[str, Any]] = _json(answer)
        found = next((menu for menu in menus if menu["title"] == TITLE), None)
        if found:
            return found
        url = answer.links.get("next", {}).get("url")
    return None


def _create_menu(client: httpx.Client) -> dict[str, Any]:
    courses = [
        {
            "title": course.title,
            "description": course.description,
            "intent": course.intent,
            "position": position,
            "items": [
                {"media_item_id": _media(client, work), "notes": work.note, "position": number}
                for number, work in enumerate(course.works, 1)
            ],
        }
        for position, course in enumerate(COURSES, 1)
    ]
    menu = {"title": TITLE, "description": DESCRIPTION, "is_public": True, "courses": courses}
    created: dict[str, Any] = _json(client.post("/api/menus", json=menu))
    return created


def _media(client: httpx.Client, work: Work) -> str:
    body = {
        "media_type": work.media_type,
        "title": work.title,
        "subtitle": work.subtitle,
        "description": work.description,
        "release_date": work.release_date,
        **work.details,
    }
    filled = {name: value for name, value in body.items() if value is not None}
    return str(_json(client.post("/api/media", json=filled))["id"])


def _json(answer: httpx.Response) -> Any:
    """Return the body of a success; the request is named when it was none."""
    if not answer.is_success:
        request = f"{answer.request.method} {answer.request.url.path}"
        raise StackError(f"{request} answered {answer.status_code}: {answer.text[:500]}")
    return answer.json()


if __name__ == "__main__":
    main()
