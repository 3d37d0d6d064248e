"""Who answers for a member's tasks and counts."""

import msgspec


class Owner(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The plan, the ECM provider and its lead care manager; "" where there is none."""

    mcp_id: str = ""
    ecm_provider_id: str = ""
    lead_cm_id: str = ""
