"""What may be wrong with a filter."""

from touchstone.errors import Invalid


class SentinelCombined(Invalid):
    """Cannot combine reserved values 'any'/'none' with specific filter values."""


class MetadataFormatInvalid(Invalid):
    """Invalid execution metadata format: '{given}'. Expected base64 encoded 'category:value'."""


class MetadataEncodingInvalid(Invalid):
    """Invalid base64 encoding in execution metadata: '{given}'."""


class MetadataEmpty(Invalid):
    """Invalid execution metadata format: '{given}'. Both category and value must be non-empty."""


class ResultFiltersEmpty(Invalid):
    """At least one filter must be provided in test_results_filters"""


class ExecutionFiltersEmpty(Invalid):
    """At least one filter must be provided in test_executions_filters"""
