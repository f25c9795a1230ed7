"""What is due here again and again."""

from auth.sweeping.service import Retention
from common.sweeps import Sweep


def sweeps(kept: Retention) -> list[Sweep]:
    return [
        Sweep(
            "refresh_tokens",
            "0 */10 * * * *",
            "Deletes refresh tokens that have expired.",
            kept.sweep_refresh_tokens,
        ),
        Sweep(
            "sessions",
            "0 1/10 * * * *",
            "Deletes sessions that ended a while ago.",
            kept.sweep_sessions,
        ),
        Sweep(
            "throttle",
            "0 2/10 * * * *",
            "Forgets failed sign-ins that no longer count.",
            kept.sweep_throttle,
        ),
        Sweep("audit", "0 3 * * * *", "Deletes old entries of the audit log.", kept.sweep_audit),
        Sweep(
            "keys",
            "0 4 * * * *",
            "Drops signing keys whose last token has expired.",
            kept.sweep_keys,
        ),
    ]
