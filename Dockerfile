# The image that Kubeflow's steps and Beam's worker pools run, and a smaller one that serves models:
#   docker build -t tapeline:0.1.0 .
#   docker build -t tapeline-serve:0.1.0 --target serve .
# With the program by which Dataflow and other runners start workers (--sdk_container_image):
#   docker build -t tapeline-beam:0.1.0 --target beam .
# With TFX 1.16, for a cluster whose ML Metadata or pushed models other steps share with it:
#   docker build -t tapeline:0.1.0-tfx1.16 --build-arg STACK=1.16 --build-arg PYTHON=3.10 --build-arg BEAM=2.61.0 \
#     --build-arg BASE=docker.io/library/python:3.10-slim-bookworm@sha256:9643927a6fc74bd81b0f1bbb5cce3cb4a491f46b4c5dbee770f28e575f180015 .
ARG STACK=1.21
ARG PYTHON=3.13
ARG BEAM=2.77.0
# A Debian that has this Python, or has it among its packages; debootstrap makes one as well. The tag says which image
# is meant, the digest which content it has.
ARG BASE=docker.io/library/debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

# hadolint ignore=DL3006
FROM ${BASE} AS python
ARG PYTHON
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Debian drops old versions of packages, so none is named.
# hadolint ignore=DL3008
RUN if ! command -v "python${PYTHON}"; then apt-get update \
    && apt-get install --yes --no-install-recommends "python${PYTHON}" && rm -rf /var/lib/apt/lists/* /var/cache/apt; fi

FROM python AS tools
ARG PYTHON
# hadolint ignore=DL3008,SC3010
RUN if [[ -x "/usr/bin/python${PYTHON}" ]]; then apt-get update \
    && apt-get install --yes --no-install-recommends "python${PYTHON}-venv" && rm -rf /var/lib/apt/lists/*; fi
WORKDIR /build
COPY scripts/uv-requirements.txt scripts/sbom-requirements.txt ./
# Compiled here once: no container can write to /opt/tapeline, and would compile all anew, 10 s of CPU a start.
ENV PATH=/opt/tools/bin:$PATH UV_CACHE_DIR=/var/cache/uv UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN "python${PYTHON}" -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --require-hashes --requirement uv-requirements.txt \
    && uv venv --python "${PYTHON}" /opt/tapeline
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --python /opt/tools/bin/python --require-hashes --requirement sbom-requirements.txt
# The lock says which versions, with their hashes; the .in files leave the tools of the development out. TensorFlow comes
# without its code for GPUs, and without what compiles or documents extensions of it.
ARG STACK
COPY requirements-${STACK}.lock scripts/image-requirements.txt ./
RUN printf '%s; sys_platform == "none"\n' tensorflow libclang > overrides.txt \
    && printf '%s\n' "--constraint requirements-${STACK}.lock" "--requirement image-requirements.txt" > pinned.txt

FROM tools AS wheel
COPY setup.py pyproject.toml MANIFEST.in LICENSE README.md requirements.in requirements-kubeflow.in requirements-onnx.in ./
COPY schemas schemas
COPY series series
COPY forecaster forecaster
COPY components components
COPY clients clients
COPY pipeline pipeline
COPY cli cli
COPY api api
COPY tapeline tapeline
RUN --mount=type=cache,target=/var/cache/uv uv build --wheel --out-dir dist . \
    && uv pip install --python /opt/tapeline/bin/python --no-deps dist/*.whl

FROM tools AS serve-libraries
COPY requirements-serve.in ./
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --python /opt/tapeline/bin/python --overrides overrides.txt --requirement pinned.txt \
    --requirement requirements-serve.in \
    && rm -rf /opt/tapeline/lib/python*/site-packages/tensorflow/include

FROM tools AS libraries
ARG PYTHON
# One dependency is compiled.
# hadolint ignore=DL3008,SC2086,SC3010
RUN if [[ -x "/usr/bin/python${PYTHON}" ]]; then headers="python${PYTHON}-dev"; fi; apt-get update \
    && apt-get install --yes --no-install-recommends g++ ${headers:-} && rm -rf /var/lib/apt/lists/*
COPY requirements.in requirements-kubeflow.in ./
RUN --mount=type=cache,target=/var/cache/uv \
    uv pip install --python /opt/tapeline/bin/python --overrides overrides.txt --requirement pinned.txt \
    --requirement requirements.in --requirement requirements-kubeflow.in \
    && rm -rf /opt/tapeline/lib/python*/site-packages/tensorflow/include

FROM python AS runtime
# Any user may run it, with a name or without. Group 0 is what OpenShift gives to users without one: what the group may
# write, they may. The root may be read-only: what is written for a while goes to /tmp.
ENV PATH=/opt/tapeline/bin:$PATH \
    HOME=/tmp \
    USER=tapeline \
    PYTHONUNBUFFERED=1 \
    TAPELINE_UMASK=002 \
    TF_CPP_MIN_LOG_LEVEL=1
WORKDIR /tmp

FROM runtime AS serve
COPY --from=serve-libraries /opt/tapeline /opt/tapeline
COPY --from=wheel /opt/tapeline /opt/tapeline
RUN --mount=from=tools,source=/opt/tools,target=/opt/tools --mount=source=scripts/sbom.py,target=/sbom.py \
    /opt/tools/bin/python /sbom.py /opt/tapeline/bin/python > /opt/tapeline/sbom.cdx.json
USER 1000:0
EXPOSE 8501
# The port takes connections once a model is loaded. With TLS, give a check of your own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "from http.client import HTTPConnection; connection = HTTPConnection('127.0.0.1', 8501, timeout=4); connection.request('GET', '/monitoring/prometheus/metrics'); raise SystemExit(connection.getresponse().status >= 500)"]
ENTRYPOINT ["tapeline", "serve", "--host", "0.0.0.0", "--model", "/model"]

FROM runtime AS pipeline
# Two layers that change at their own pace: the dependencies rarely, Tapeline with every commit.
COPY --from=libraries /opt/tapeline /opt/tapeline
COPY --from=wheel /opt/tapeline /opt/tapeline
RUN --mount=from=tools,source=/opt/tools,target=/opt/tools --mount=source=scripts/sbom.py,target=/sbom.py \
    /opt/tools/bin/python /sbom.py /opt/tapeline/bin/python > /opt/tapeline/sbom.cdx.json
USER 1000:0
CMD ["tapeline", "--help"]

FROM apache/beam_python${PYTHON}_sdk:${BEAM} AS beam-sdk

FROM pipeline AS beam
COPY --from=beam-sdk /opt/apache/beam /opt/apache/beam
# Workers take this environment as it is, and make none of their own.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
ENTRYPOINT ["/opt/apache/beam/boot"]

# What is built where no target is named.
FROM pipeline
