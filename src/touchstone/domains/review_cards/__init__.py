"""Cards in Jira for people who are given artefacts to review."""
