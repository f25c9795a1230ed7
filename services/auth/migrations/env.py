from auth.models import Base
from common import migrating

migrating.run(Base.metadata, "AUTH_DATABASE_URL")
