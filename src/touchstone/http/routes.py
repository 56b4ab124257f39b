"""Litestar's application without the integrations that it looks for by itself."""
# pyright: reportPrivateUsage=false

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class Routes(Litestar):
    """Litestar imports pydantic, attrs and OpenTelemetry wherever they are installed: memory and time at every start
    for structs that are none of theirs. Litestar's minor version is pinned; a test reads `sys.modules`."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]

    @staticmethod
    def _patch_opentelemetry_middleware(config: AppConfig) -> AppConfig:
        return config
