"""What can go wrong with jobs."""

from uuid import UUID

from common.errors import DomainError, Kind


class JobNotFound(DomainError):
    """Also for a job of somebody else."""

    kind = Kind.NOT_FOUND
    reason = "JOB_NOT_FOUND"

    def __init__(self, job_id: UUID) -> None:
        super().__init__("Ingest job not found", job_id=job_id)


class NothingWanted(DomainError):
    kind = Kind.INVALID
    reason = "NOTHING_WANTED"

    def __init__(self) -> None:
        super().__init__("items must hold at least one.", field="items")


class NothingToRetry(DomainError):
    kind = Kind.PRECONDITION
    reason = "NOTHING_TO_RETRY"

    def __init__(self, job_id: UUID) -> None:
        super().__init__("Nothing in this job could go better now.", job_id=job_id)


class JobLimitReached(DomainError):
    kind = Kind.PRECONDITION
    reason = "JOB_LIMIT_REACHED"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A person may have at most {limit} unfinished jobs.", limit=limit)
