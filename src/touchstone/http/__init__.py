"""What all controllers share: decoding, failures, pages, OpenAPI, and the edge around the application."""
