# syntax=docker/dockerfile:1
# One image for all: Lambda, the one-shot task, web server and daemon.
# BASE is Debian with Python 3.11 or newer; a deployment gives it by digest:
#   docker build --build-arg BASE=python:3.12-slim-bookworm@sha256:... --build-arg RELEASE=1.4.0 .
ARG BASE=python:3.12-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/soxauto
RUN python3 -m venv /opt/venv
COPY requirements.lock ./
# Wheels alone: nothing is compiled, here or later, and each is held to its digest.
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY deploy/dagster.cloud.yaml deploy/soxauto.yaml deploy/
COPY soxauto_assets soxauto_assets
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python -m compileall -q soxauto_assets \
    && /opt/venv/bin/pip uninstall --yes pip

# hadolint ignore=DL3006
FROM ${BASE}
ARG RELEASE=unreleased
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="soxauto-pg01" \
      org.opencontainers.image.version="${RELEASE}" \
      org.opencontainers.image.revision="${COMMIT}"
# unixODBC is the driver manager; Microsoft's driver comes in a wheel. krb5 is what it loads.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends unixodbc libgssapi-krb5-2 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin soxauto
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/soxauto /opt/soxauto
# Everything that is written lies below /tmp, so the root file system can be read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    SOXAUTO_HOME=/tmp/soxauto \
    SOXAUTO_RELEASE=${RELEASE}
# A folder that can be written, also under `docker run --read-only`.
VOLUME ["/tmp"]
WORKDIR /tmp
USER 10001
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 \
    CMD ["soxauto", "serve", "health"]
ENTRYPOINT ["soxauto"]
CMD ["run"]
