"""The settings about how often somebody may ask and how much he may use."""

from typing import Annotated

import msgspec

from touchstone.setting_values import size, whole_number

PRINCIPAL_REQUESTS = 6000
ADDRESS_REQUESTS = 3000


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Rates are requests a minute; they may come all at once."""

    rate_limit_principal: Annotated[
        int | None,
        whole_number(
            f"Requests a minute of each user and each application; 0: any number; unset: {PRINCIPAL_REQUESTS}, and any "
            "number while only this machine can call.",
            0,
        ),
    ] = None
    rate_limit_address: Annotated[
        int | None,
        whole_number(
            f"Requests a minute without credentials from each address; 0: any number; unset: {ADDRESS_REQUESTS}, and "
            "any number while only this machine can call.",
            0,
        ),
    ] = None
    login_attempts: Annotated[
        int,
        whole_number(
            "Attempts at signing in to one account within a quarter of an hour; ten times as many from one address; "
            "0: any number.",
            0,
        ),
    ] = 10
    quota_running_jobs: Annotated[int, whole_number("Jobs of one owner that have not ended; 0: any number.", 0)] = 0
    quota_stored_bytes: Annotated[int | None, size("What the datasets of one owner may take; unset: any amount.")] = (
        None
    )
    quota_tokens: Annotated[
        int, whole_number("Tokens that the jobs of one owner may spend within 30 days; 0: any number.", 0)
    ] = 0
