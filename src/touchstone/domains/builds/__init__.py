"""What was built of an artefact, with its executions."""
