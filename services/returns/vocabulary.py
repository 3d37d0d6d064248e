"""The canonical names of return-file columns, and how their values are written.

Another name is allowed: its value stays text as it was written.

Source: care-rules §2.2 (populations of focus), §2.3 (engagement status), §2.5 (the three files).
"""

ECM_STATUSES = (
    "assigned", "outreach", "enrolled", "declined", "unable_to_reach", "ineligible", "excluded_duplicate",
    "discontinued", "graduated", "transferred", "deceased",
)  # fmt: skip

HEAD = ("mcp_id", "provider_id", "period", "file_status", "cin", "member_id")
"""What places a row: the plan, the provider, the month, the plan's word on the file, and whom the row is about."""

DAYS = frozenset({
    "ecm_start", "ecm_end", "care_plan_revised", "care_conference", "assess_started", "assess_completed",
    "last_encounter", "disc_date", "date_housed", "produced",
})  # fmt: skip
"""Days, `2025-06-30`."""
TIMES = frozenset({"attempt_at"})
"""Days with or without a time, `2025-06-30` or `2025-06-30T14:05`: local wall time."""
FLAGS = frozenset({
    "new_address", "homeless", "new_phone", "pof_changed", "success", "dual", "housed", "pof_homeless",
    "pof_avoidable_use", "pof_smi_sud", "pof_justice", "pof_ltc_risk", "pof_nf_transition", "pof_ccs",
    "pof_child_welfare", "pof_birth_equity",
})  # fmt: skip
"""`yes` or `no`."""
COUNTS = frozenset({"minutes", "n_in_person", "n_remote"})
"""Whole numbers."""
WORDS = frozenset({"ecm_status", "mode", "disc_reason", "provider_type", "contact_reason", "contact_outcome"})
"""Words in lower case with `_`: where a plan has codes for them, its map says which."""
TEXTS = frozenset({
    "mcp_name", "mrn", "last_name", "first_name", "member_name", "address", "city", "state", "zip", "phone",
    "age_group", "language_spoken", "language_written", "pof", "acuity", "authorization", "reauthorization",
    "housing_type", "lead_cm_name", "lead_cm_phone", "lead_cm_email", "disc_reason_text", "provider_name",
    "provider_npi", "provider_tin", "provider_phone",
})  # fmt: skip
"""As written."""

NAMES = frozenset(HEAD) | DAYS | TIMES | FLAGS | COUNTS | WORDS | TEXTS
YES, NO = frozenset({"y", "yes", "1", "true"}), frozenset({"n", "no", "0", "false"})
