"""touchstone secret-key"""

import click

from touchstone.environment_file import new_secret_key


@click.command("secret-key")
def secret_key() -> None:
    """Print a new key for TOUCHSTONE_SECRET_KEYS or TOUCHSTONE_URL_SIGNING_KEYS.

    To rotate, put the new key before the old one: NEW,OLD. The first encrypts, all decrypt.
    """
    click.echo(new_secret_key())
