from common import migrating
from ingest.models import Base

migrating.run(Base.metadata, "INGEST_DATABASE_URL")
