from common import migrating
from menus.models import Base

migrating.run(Base.metadata, "MENUS_DATABASE_URL")
