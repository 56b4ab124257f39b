"""What clients send."""

from typing import Annotated

import msgspec
from msgspec import Meta


class SecretUpload(msgspec.Struct):
    value: Annotated[str, Meta(min_length=1, max_length=1024, extra={"secret": True})]
    description: str
    allowed_hosts: Annotated[
        list[str], Meta(description="Hosts besides the provider's own that may receive it.", extra={"secret": True})
    ] = []
