"""What clients send."""

from typing import Annotated

from msgspec import Meta

from touchstone.domains.belonging.model import BelongingFields


class SecretUpload(BelongingFields, kw_only=True):
    value: Annotated[str, Meta(min_length=1, max_length=1024, extra={"secret": True})]
    description: str
    allowed_hosts: Annotated[
        list[str], Meta(description="Hosts besides the provider's own that may receive it.", extra={"secret": True})
    ] = []
