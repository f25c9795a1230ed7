"""By which names senders come to the door."""

from collections.abc import Container

# Whoever set up "arr" may let any of these post; which one it was, its events say.
ANY_ARR = "arr"
ARRS = ("radarr", "sonarr", "lidarr", "readarr")
# One project under its earlier names.
ALIASES = {"jellyseerr": "seerr", "overseerr": "seerr"}

WEBHOOK_PATH = "/api/webhooks/{provider}/{token}"
ARR_PATH = "/api/integrations/arr/webhook/{token}"
LISTENBRAINZ = "listenbrainz"
LISTENS_PATH = "/1/submit-listens"
VALIDATION_PATH = "/1/validate-token"


def provider(name: str, senders: Container[str]) -> str:
    """The sender that a path names; "" for a name that no integration can have."""
    meant = ALIASES.get(name, name)
    return meant if meant in senders else ""


def path_of(sender: str) -> str:
    """Where a sender posts to; clients of ListenBrainz send the token in a header."""
    if sender == LISTENBRAINZ:
        return LISTENS_PATH
    return WEBHOOK_PATH.replace("{provider}", sender)


def address_of(sender: str, public_url: str, token: str) -> str:
    """What to paste at the sender; clients of ListenBrainz know the paths themselves."""
    if sender == LISTENBRAINZ:
        return public_url
    return public_url + path_of(sender).replace("{token}", token)
