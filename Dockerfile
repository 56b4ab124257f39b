# syntax=docker/dockerfile:1
# Development: the service from the mounted source tree, started anew whenever a file in src changes (compose.dev.yaml).
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS service

ENV PATH=/opt/touchstone/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/opt/touchstone

RUN pip install --no-cache-dir uv==0.13.9 \
    && uv venv "${VIRTUAL_ENV}" \
    && useradd --uid 10001 --create-home touchstone

WORKDIR /app
COPY pyproject.toml requirements.lock README.md ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --constraint requirements.lock --requirement pyproject.toml \
    --extra tracing --extra sentry --extra saml --extra oidc watchfiles
COPY migrations migrations
COPY src src
RUN --mount=type=cache,target=/root/.cache/uv \
    UV_DYNAMIC_VERSIONING_BYPASS=0.0.0 uv pip install --no-deps --editable .

USER 10001
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["watchfiles", "--filter", "python", "touchstone serve --no-worker --host 0.0.0.0", "/app/src"]
