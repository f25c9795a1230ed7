from catalog.models import Base
from common import migrating

migrating.run(Base.metadata, "CATALOG_DATABASE_URL")
