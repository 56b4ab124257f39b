"""What can go wrong with saying who sees a thing."""

from touchstone.errors import Conflict, NotFound


class JobOfWorkflow(Conflict):
    """Job with ID {id} belongs to workflow {workflow}; say it of the workflow"""


class SecretUnknown(NotFound):
    """Secret with ID {id} not found"""
