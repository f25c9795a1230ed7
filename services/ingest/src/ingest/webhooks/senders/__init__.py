"""The senders whose webhooks are understood."""

from ingest.webhooks.happenings import Sender
from ingest.webhooks.senders.arr import ARR
from ingest.webhooks.senders.emby import EMBY
from ingest.webhooks.senders.generic import GENERIC
from ingest.webhooks.senders.jellyfin import JELLYFIN
from ingest.webhooks.senders.lidarr import LIDARR
from ingest.webhooks.senders.listenbrainz import LISTENBRAINZ
from ingest.webhooks.senders.plex import PLEX
from ingest.webhooks.senders.radarr import RADARR
from ingest.webhooks.senders.readarr import READARR
from ingest.webhooks.senders.seerr import SEERR
from ingest.webhooks.senders.sonarr import SONARR
from ingest.webhooks.senders.tautulli import TAUTULLI

# By their names at the door, in the order in which they are offered.
SENDERS: dict[str, Sender] = {
    "radarr": RADARR,
    "sonarr": SONARR,
    "lidarr": LIDARR,
    "readarr": READARR,
    "arr": ARR,
    "jellyfin": JELLYFIN,
    "plex": PLEX,
    "tautulli": TAUTULLI,
    "emby": EMBY,
    "seerr": SEERR,
    "listenbrainz": LISTENBRAINZ,
    "generic": GENERIC,
}
