"""touchstone settings"""

import click

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.environment_file import render_template
from touchstone.setting_values import as_text
from touchstone.settings import Settings, variable_name, variables


@click.command("settings")
@click.option("--template", "is_template", is_flag=True, help="Print what .env.template holds.")
@as_json
def show_settings(is_template: bool, is_json: bool) -> None:
    """Show every setting, its value and what it means; makes .env as any first start does.

    Values of secrets are never shown.
    """
    if is_template:
        click.echo(render_template(), nl=False)
        return
    shown = _shown(load_settings())
    if is_json:
        print_json(shown)
        return
    for field, variable in variables().items():
        name = variable_name(field)
        click.echo(f"{name}={shown[name]}\n    {variable.about}")


def _shown(settings: Settings) -> dict[str, str]:
    values = {field: getattr(settings, field) for field in variables()}
    return {
        variable_name(field): "***" if variable.is_secret and values[field] else as_text(values[field])
        for field, variable in variables().items()
    }
