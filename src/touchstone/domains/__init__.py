"""The map: a noun a folder, top to bottom as they may know each other.

retention_rules      /retention-rules       how long what is kept
stored_objects       -                      what lies in the object store, held against the rows
reports              /reports               what was tested, as CSV
builds               /artefacts/{id}/builds what was built of an artefact, with its executions
test_executions      /test-executions       test plans run on builds in environments
test_results         /test-results          outcomes of test cases
attachment_rules     /issues/{id}/attachment-rules  which new results belong to an issue
issue_orders         /issue-orders          issues that workers are to make in trackers, of results that failed
issues               /issues                known problems, kept in trackers elsewhere
reported_issues      /…/reported-issues     what people know of test cases and environments
test_cases           /test-cases            what test plans check
execution_metadata   /execution-metadata    pairs that describe executions
reruns               /test-executions/reruns  what is to be run again
environment_reviews  /artefacts/{id}/environment-reviews  what people decided of a build in an environment
review_cards         /review-cards          cards in Jira for people who review artefacts
artefacts            /artefacts             versions of what is shipped
environments         /environments          where tests run
test_plans           /test-plans            what is run
visibility           /{datasets|…}/{id}/visibility  who sees a thing
experiments          /experiments           workflows on one dataset, compared
workflows            /workflows             an inference job, then an evaluation job
jobs                 /jobs                  work for the cluster, and the dispatcher that brings it there
datasets             /datasets              uploads and what jobs made of them
models               /models                suggestions, as data
secrets              /settings/secrets      provider keys, encrypted
webhooks                /webhooks                who is told of events, and the deliveries
notifications           /users/…/notifications   what a user should know
teams                /teams                 users who share permissions
artefact_matching_rules  /artefact-matching-rules  which teams review which artefacts
applications         /applications          machines and their keys
users                /users                 who signs in
idempotent_requests  -                      answers of creating calls that may be sent again
periodic_work        /periodic-work         what workers do again and again, and what came of it
auth                 /auth                  sessions, keys and sign-on
audit_events         /audit-events          who changed what, in a chain
outbox               -                      events that somebody outside may want to be told of
limits               -                      how often one may ask, and how much he may use
filters              -                      which results and executions a search is about
shapes               -                      what answers nest in each other, as structs and as SQL
families             -                      what kinds of artefacts there are
keeping              -                      rules of retention as the nouns above meet rows with them
belonging            -                      whose a thing is: read from the tables of the nouns above
permissions          /permissions           the words of what may be done
health               /health, /version, /   the service about itself
"""
