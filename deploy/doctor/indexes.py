"""The indexes that the services make when they start; a test holds this list to what a running system has."""

from __future__ import annotations

from collections.abc import Mapping

_ENGINE = ("due_1__id_1", "saved_at_1", "parked_until_1")
_LEDGER = ("d_1_at_1",)

INDEXES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("gw_directory", "profiles"): ("district_1_version_-1",),
    ("gw_intake", "ledger_pages"): _LEDGER,
    ("gw_intake", "pins"): ("day_1",),
    ("gw_intake", "reports"): (*_ENGINE, "s.near_1_s.at_1", "s.words_1_s.at_1", "s.day_1", "s.spot_1_s.at_1"),
    ("gw_intake", "surges"): _ENGINE,
    ("gw_intake", "vault"): ("day_1", "case_id_1", "number_1", "key_1"),
    ("gw_router", "answers"): ("district_1_answered_at_1", "expires_at_1"),
    ("gw_router", "cases"): (*_ENGINE, "open_1_work_1", "links_1", "listed_1", "mediator_1", "batch_1"),
    ("gw_router", "ledger_pages"): _LEDGER,
    ("gw_escalation", "beats"): _ENGINE,
    ("gw_escalation", "cases"): (
        *(*_ENGINE, "open_due", "open_grid"),
        *("sources_1_began_1", "edges.d_1_edges.at_1", "measure_1"),
    ),
    ("gw_escalation", "ledger"): ("case_id_1",),
    ("gw_escalation", "ledger_pages"): _LEDGER,
    ("gw_notifier", "cases"): (*_ENGINE, "expires_1"),
    ("gw_notifier", "ledger_pages"): _LEDGER,
    ("gw_notifier", "notices"): (*_ENGINE, "channel_1_due_1", "to_1_sent_at_1", "s.case_id_1", "expires_1"),
    ("gw_notifier", "reporters"): ("expires_1", "key_1"),
}
"""The names of the indexes by database and collection, `_id_` apart."""
