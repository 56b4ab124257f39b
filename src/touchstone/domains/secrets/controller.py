"""`/settings/secrets`: written, listed by name, deleted; never read back."""

from typing import Annotated

from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from touchstone.domains.belonging.model import NotTheOwner
from touchstone.domains.secrets.model import Secret, SecretNameTaken
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.secrets.schemas import SecretUpload
from touchstone.domains.secrets.service import SecretService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import answer, failures

SecretName = Annotated[str, Meta(min_length=1, max_length=255)]


class SecretController(Controller):
    path = "/api/v1/settings/secrets"
    tags = ["settings"]

    @get(guards=[requires("view_secret")], operation_id="list_secrets_api_v1_settings_secrets__get")
    async def list_secrets(
        self, secrets: NamedDependency[SecretRepository], caller: NamedDependency[Caller]
    ) -> list[Secret]:
        """Names and descriptions of the secrets."""
        return await secrets.list_visible(caller.viewer)

    @put(
        "/{secret_name:str}",
        guards=[requires("change_secret")],
        operation_id="upload_secret_api_v1_settings_secrets__secret_name__put",
        status_code=201,
        responses={
            204: answer(None, "The secret was there and has been replaced."),
            **failures(SecretNameTaken, NotTheOwner),
        },
    )
    async def upload_secret(
        self,
        secret_name: FromPath[SecretName],
        data: JSONBody[SecretUpload],
        secret_service: NamedDependency[SecretService],
        caller: NamedDependency[Caller],
    ) -> Response[None]:
        """Stores a secret, encrypted."""
        is_new = await secret_service.upload(secret_name, data, caller)
        return Response(None, status_code=201 if is_new else 204)

    @delete(
        "/{secret_name:str}",
        guards=[requires("change_secret")],
        operation_id="delete_secret_api_v1_settings_secrets__secret_name__delete",
    )
    async def delete_secret(
        self,
        secret_name: FromPath[SecretName],
        secret_service: NamedDependency[SecretService],
        caller: NamedDependency[Caller],
    ) -> None:
        """Deletes a secret; an absent one is no error."""
        await secret_service.delete(secret_name, caller)
