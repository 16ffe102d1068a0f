# Readiness Gate. Every FROM can be replaced by a build argument, so that the image also builds where no registry is
# reachable; see docs/image.md. The image has no USER: GitHub needs root for the workspace of a Docker action.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim-bookworm
ARG BUILD_IMAGE=${BASE_IMAGE}
ARG TOOLS_IMAGE=${BASE_IMAGE}

# --- the tools: fetched by URL, held against a SHA-256, asked for their version; docs/image.md tells where each hash
# --- was found. TOOL_URL and TOOL_SHA256 take a tool from elsewhere; TOOLS names those that go in.
FROM ${TOOLS_IMAGE} AS tools
ARG TARGETARCH=amd64
ARG TOOLS="trivy gitleaks hadolint helm kubectl promtool amtool"
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
ARG HADOLINT_VERSION=2.15.1
ARG HADOLINT_URL=
ARG HADOLINT_SHA256=
ARG HADOLINT_SHA256_AMD64=c7187db94eeeeca956519a6af171adc31453941a1e777961f6e680f697c8c507
ARG HADOLINT_SHA256_ARM64=f6198ef8090f404dbb771abfee086eb8c48ac177f30da7fd3510aca35b344b5d
ARG HELM_VERSION=4.1.4
ARG HELM_URL=
ARG HELM_SHA256=
ARG HELM_SHA256_AMD64=70b2c30a19da4db264dfd68c8a3664e05093a361cefd89572ffb36f8abfa3d09
ARG HELM_SHA256_ARM64=13d03672be289045d2ff00e4e345d61de1c6f21c1257a45955a30e8ae036d8f1
ARG KUBECTL_VERSION=1.33.9
ARG KUBECTL_URL=
ARG KUBECTL_SHA256=
ARG KUBECTL_SHA256_AMD64=9e33e3234c0842cd44a12c13e334b4ce930145ea84b855ce7cc0a7b6bc670c22
ARG KUBECTL_SHA256_ARM64=af4dc943a6f447ecb070340efe63c7f8ee2808e6c0bc42126efe7cde0cc1e69b
ARG PROMTOOL_VERSION=3.13.1
ARG PROMTOOL_URL=
ARG PROMTOOL_SHA256=
ARG PROMTOOL_SHA256_AMD64=962b812371aff838d152b6ff2d56fdb7a6396f5542f48ebf73421b9721f0d103
ARG PROMTOOL_SHA256_ARM64=fbd8e5e0f6ad2e7d053e717739186caee4fd0cab2cf9335bfc86c292fe2a2bfe
ARG AMTOOL_VERSION=0.33.1
ARG AMTOOL_URL=
ARG AMTOOL_SHA256=
ARG AMTOOL_SHA256_AMD64=93d802cba6a8d27239d747ce117df7648d326ab67394e32247540b030e9842ba
ARG AMTOOL_SHA256_ARM64=50b32a346c3c29da411643dfa84990440e8fd03800380d7e664f22a863b7a0cf
COPY docker/fetch_tools.py /fetch_tools.py
RUN python3 -I /fetch_tools.py /opt/tools "${TARGETARCH}" ${TOOLS}

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
