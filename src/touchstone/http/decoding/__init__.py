"""Values from outside made into our types: leniently, with every fault named and not only the first.

The service takes what its two contracts always took: `"5"` for 5, `yes` for true, a date or unix seconds for a
time. msgspec is stricter and stops at the first fault, so it only does the happy path (`body.py`); the rest is
done by plans, compiled once for each type. Fault items have the contracts' keys (`type`, `loc`, `msg`, `input`,
`ctx`) and words, which existing clients read and show.
"""

from touchstone.http.decoding.body import JsonDecoder, is_well_formed, json_fault
from touchstone.http.decoding.compiler import Decoder, decode, decoder_for, takes_several
from touchstone.http.decoding.faults import (
    FAILED,
    REDACTED,
    BranchTag,
    Fault,
    FaultItem,
    InvalidRequest,
    Loc,
    fault_item,
    missing,
)

__all__ = [
    "FAILED",
    "REDACTED",
    "BranchTag",
    "Decoder",
    "Fault",
    "FaultItem",
    "InvalidRequest",
    "JsonDecoder",
    "Loc",
    "decode",
    "decoder_for",
    "fault_item",
    "is_well_formed",
    "json_fault",
    "missing",
    "takes_several",
]
