# The image that Kubeflow's steps run, and Beam's workers (--sdk_container_image):
#   docker build -t tapeline:0.1.0 .
#   docker run --rm --entrypoint tapeline tapeline:0.1.0 --help
# With TFX 1.16, for a cluster whose ML Metadata or pushed models other steps share with it:
#   docker build -t tapeline:0.1.0-tfx1.16 --build-arg STACK=1.16 --build-arg PYTHON=3.10 \
#     --build-arg DEBIAN=bookworm --build-arg BEAM=2.61.0 \
#     --build-arg PYTHON_DIGEST=sha256:9643927a6fc74bd81b0f1bbb5cce3cb4a491f46b4c5dbee770f28e575f180015 .
ARG STACK=1.21
ARG PYTHON=3.13
ARG DEBIAN=trixie
ARG BEAM=2.77.0
# The tag says which image is meant, the digest which content it has.
ARG PYTHON_DIGEST=sha256:ffb752e139c0a19692a43af8d8523b274222dd68eebad5d583b45c2201c6e30a

FROM python:${PYTHON}-slim-${DEBIAN}@${PYTHON_DIGEST} AS build
ARG STACK
ARG PYTHON
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Compiled here once: no container can write to /opt/tapeline, and would compile all anew, 10 s of CPU a start.
ENV UV_CACHE_DIR=/var/cache/uv UV_COMPILE_BYTECODE=1
# One dependency is compiled. Debian drops old versions of packages, so none is named.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# What is locked first: as long as the lock stays, so does its layer.
COPY scripts/uv-requirements.txt requirements-${STACK}.lock requirements.in requirements-kubeflow.in ./
RUN pip install --no-cache-dir --require-hashes --requirement uv-requirements.txt \
    && uv venv --python "${PYTHON}" /opt/tapeline
# The lock says which versions, with their hashes; the .in files leave the tools of the development out.
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --link-mode copy --python /opt/tapeline/bin/python --constraint "requirements-${STACK}.lock" \
    --requirement requirements.in --requirement requirements-kubeflow.in
COPY setup.py pyproject.toml MANIFEST.in LICENSE README.md requirements-onnx.in ./
COPY schemas schemas
COPY series series
COPY forecaster forecaster
COPY components components
COPY clients clients
COPY pipeline pipeline
COPY cli cli
COPY api api
COPY tapeline tapeline
RUN --mount=type=cache,target=/var/cache/uv uv build --wheel --out-dir dist .

FROM apache/beam_python${PYTHON}_sdk:${BEAM} AS beam

FROM python:${PYTHON}-slim-${DEBIAN}@${PYTHON_DIGEST}
ARG PYTHON
# Group 0, as OpenShift gives it to users without a name: what the group may write, they may.
RUN useradd --uid 1000 --gid 0 --create-home tapeline && chmod g=u /home/tapeline
COPY --from=beam /opt/apache/beam /opt/apache/beam
# Two layers that change at their own pace: the dependencies rarely, Tapeline with every commit.
COPY --from=build /opt/tapeline /opt/tapeline
RUN --mount=from=build,source=/build/dist,target=/dist \
    --mount=from=build,source=/usr/local/bin/uv,target=/usr/local/bin/uv \
    uv pip install --no-cache --python /opt/tapeline/bin/python --no-deps /dist/*.whl \
    && /opt/tapeline/bin/python -m compileall -q "/opt/tapeline/lib/python${PYTHON}/site-packages/tapeline"
# Beam's workers take this environment as it is, and make none of their own.
ENV PATH=/opt/tapeline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 \
    TF_CPP_MIN_LOG_LEVEL=1
USER 1000:0
WORKDIR /home/tapeline
# Beam's workers are started by it; Kubeflow's steps name their command, which replaces it.
ENTRYPOINT ["/opt/apache/beam/boot"]
