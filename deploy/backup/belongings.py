"""Which documents are a district's, collection by collection.

A collection that is in no table here is nobody's yet: whoever adds one has to say whose its documents are, for what is
not taken along when a district moves is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.backup.manifest import BackupError
from shared.infra.directory import DATABASE
from shared.infra.ledger import COLLECTION as PAGES
from shared.infra.resealing import KEYS

Place = tuple[str, str]
Query = Mapping[str, Any]

OF_THE_CLUSTER = frozenset({KEYS})
"""Since when a key seals here: every cluster has keys of its own."""


def of_district(district: str) -> dict[Place, Query]:
    """Return the filter of a district's documents for each database and collection."""
    cases, reports = f"{district}-", f"{district}/"
    named = {"district": district}
    return {
        (DATABASE, "profiles"): named,
        (DATABASE, "classifiers"): named,
        ("gw_intake", "reports"): _beginning("_id", reports),
        ("gw_intake", "surges"): _beginning("_id", reports),
        ("gw_intake", "vault"): _beginning("case_id", cases),
        ("gw_intake", "pins"): named,
        ("gw_intake", PAGES): {"d": district},
        ("gw_router", "cases"): _beginning("_id", cases),
        ("gw_router", "answers"): named,
        ("gw_router", PAGES): {"d": district},
        ("gw_escalation", "cases"): _beginning("_id", cases),
        ("gw_escalation", "ledger"): _beginning("case_id", cases),
        ("gw_escalation", "beats"): _beginning("_id", cases),
        ("gw_escalation", PAGES): {"d": district},
        ("gw_notifier", "cases"): _beginning("_id", cases),
        ("gw_notifier", "notices"): _beginning("s.case_id", cases),
        ("gw_notifier", "reporters"): _beginning("_id", cases),
        ("gw_notifier", PAGES): {"d": district},
    }


def _beginning(field: str, text: str) -> Query:
    """Return a filter by how a field begins, as two ends, for which an index is used whatever is in the text."""
    return {field: {"$gte": text, "$lt": f"{text[:-1]}{chr(ord(text[-1]) + 1)}"}}


def filter_of(district: str | None, database: str, collection: str) -> Query | None:
    """Return the filter of what is to be taken of a collection; None: nothing of it.

    Raises:
        BackupError: nobody has said whose its documents are.
    """
    if district is None:
        return {}
    if collection in OF_THE_CLUSTER:
        return None
    found = of_district(district).get((database, collection))
    if found is None:
        raise BackupError(f"Whose the documents of {database}.{collection} are is not known to this version.")
    return found


async def there(client: Any, district: str) -> list[str]:
    """Return the collections in which there is anything of a district.

    Raises:
        pymongo.errors.PyMongoError: the database is away.
    """
    wanted = of_district(district).items()
    return [f"{base}.{name}" for (base, name), mine in wanted if await client[base][name].find_one(mine, {"_id": 1})]
