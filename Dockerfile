# Readiness Gate. Every FROM can be replaced by a build argument, so that the image also builds where no registry is
# reachable; see docs/image.md. The image has no USER: GitHub needs root for the workspace of a Docker action.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim-bookworm
ARG BUILD_IMAGE=${BASE_IMAGE}
ARG TOOLS_IMAGE=${BASE_IMAGE}

# --- trivy and gitleaks: fetched by URL, held against a SHA-256, asked for their version --------------------------
FROM ${TOOLS_IMAGE} AS tools
ARG TARGETARCH=amd64
ARG TRIVY_VERSION=0.69.3
ARG TRIVY_URL=
ARG TRIVY_SHA256=
ARG TRIVY_SHA256_AMD64=1816b632dfe529869c740c0913e36bd1629cb7688bd5634f4a858c1d57c88b75
ARG TRIVY_SHA256_ARM64=7e3924a974e912e57b4a99f65ece7931f8079584dae12eb7845024f97087bdfd
ARG GITLEAKS_VERSION=8.30.1
ARG GITLEAKS_URL=
ARG GITLEAKS_SHA256=
ARG GITLEAKS_SHA256_AMD64=551f6fc83ea457d62a0d98237cbad105af8d557003051f41f3e7ca7b3f2470eb
ARG GITLEAKS_SHA256_ARM64=e4a487ee7ccd7d3a7f7ec08657610aa3606637dab924210b3aee62570fb4b080
COPY docker/fetch_tools.py /fetch_tools.py
RUN set -eu; \
    case "${TARGETARCH}" in \
        amd64) trivy=64bit; gitleaks=x64; trivy_sha="${TRIVY_SHA256_AMD64}"; gitleaks_sha="${GITLEAKS_SHA256_AMD64}" ;; \
        arm64) trivy=ARM64; gitleaks=arm64; trivy_sha="${TRIVY_SHA256_ARM64}"; gitleaks_sha="${GITLEAKS_SHA256_ARM64}" ;; \
        *) echo "no trivy and gitleaks are known for ${TARGETARCH}" >&2; exit 1 ;; \
    esac; \
    python3 -I /fetch_tools.py trivy "${TRIVY_VERSION}" \
        "${TRIVY_URL:-https://github.com/aquasecurity/trivy/releases/download/v${TRIVY_VERSION}/trivy_${TRIVY_VERSION}_Linux-${trivy}.tar.gz}" \
        "${TRIVY_SHA256:-${trivy_sha}}" /opt/tools; \
    python3 -I /fetch_tools.py gitleaks "${GITLEAKS_VERSION}" \
        "${GITLEAKS_URL:-https://github.com/gitleaks/gitleaks/releases/download/v${GITLEAKS_VERSION}/gitleaks_${GITLEAKS_VERSION}_linux_${gitleaks}.tar.gz}" \
        "${GITLEAKS_SHA256:-${gitleaks_sha}}" /opt/tools

# --- the gate and what it needs, from the lock file only -----------------------------------------------------------
FROM ${BUILD_IMAGE} AS build
RUN python3 -m venv /opt/build && python3 -m venv /opt/gate
COPY requirements.lock requirements-build.lock /src/
RUN /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        -r /src/requirements-build.lock
RUN /opt/gate/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        -r /src/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY gate /src/gate
COPY schemas /src/schemas
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --disable-pip-version-check -w /src/dist /src \
    && /opt/gate/bin/pip install --no-deps --no-index --disable-pip-version-check /src/dist/*.whl

# --- what runs ----------------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE}
RUN command -v git >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*; }; test -x /usr/bin/prlimit
COPY --from=tools /opt/tools /opt/tools
COPY --from=build /opt/gate /opt/gate
COPY entrypoint.py /opt/gate/entrypoint.py
LABEL org.opencontainers.image.title="Readiness Gate" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/readiness-gate/readiness-gate"
WORKDIR /github/workspace
# -I: neither the working directory nor PYTHON* variables decide what is imported.
ENTRYPOINT ["/opt/gate/bin/python", "-I", "/opt/gate/entrypoint.py"]
