"""The map: a noun a folder, top to bottom as they may know each other.

experiments          /experiments           workflows on one dataset, compared
workflows            /workflows             an inference job, then an evaluation job
jobs                 /jobs                  work for the cluster, and the dispatcher that brings it there
datasets             /datasets              uploads and what jobs made of them
models               /models                suggestions, as data
secrets              /settings/secrets      provider keys, encrypted
idempotent_requests  -                      answers of creating calls that may be sent again
auth                 /auth                  sessions, keys and sign-on
audit_events         /audit-events          who changed what, in a chain
permissions          /permissions           the words of what may be done
health               /health, /version, /   the service about itself
"""
