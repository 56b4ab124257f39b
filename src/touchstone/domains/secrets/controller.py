"""`/settings/secrets`: written, listed by name, deleted; never read back."""

from typing import Annotated

from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from touchstone.adapters.vault import Vault
from touchstone.domains.secrets.model import Secret
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.secrets.schemas import SecretUpload
from touchstone.http.guards import requires
from touchstone.http.openapi import answer

SecretName = Annotated[str, Meta(min_length=1, max_length=255)]


class SecretController(Controller):
    path = "/api/v1/settings/secrets"
    tags = ["settings"]

    @get(guards=[requires("view_secret")], operation_id="list_secrets_api_v1_settings_secrets__get")
    async def list_secrets(self, secrets: NamedDependency[SecretRepository]) -> list[Secret]:
        """Names and descriptions of the secrets."""
        return await secrets.list_all()

    @put(
        "/{secret_name:str}",
        guards=[requires("change_secret")],
        operation_id="upload_secret_api_v1_settings_secrets__secret_name__put",
        status_code=201,
        responses={204: answer(None, "The secret was there and has been replaced.")},
    )
    async def upload_secret(
        self,
        secret_name: FromPath[SecretName],
        data: JSONBody[SecretUpload],
        secrets: NamedDependency[SecretRepository],
        vault: NamedDependency[Vault],
    ) -> Response[None]:
        """Stores a secret, encrypted."""
        sealed = vault.encrypt(data.value)
        is_new = await secrets.put(secret_name, sealed, data.description, data.allowed_hosts)
        return Response(None, status_code=201 if is_new else 204)

    @delete(
        "/{secret_name:str}",
        guards=[requires("change_secret")],
        operation_id="delete_secret_api_v1_settings_secrets__secret_name__delete",
    )
    async def delete_secret(
        self, secret_name: FromPath[SecretName], secrets: NamedDependency[SecretRepository]
    ) -> None:
        """Deletes a secret; an absent one is no error."""
        await secrets.delete(secret_name)
