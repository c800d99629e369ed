"""A reader for atheris: ``python tests/fuzz/target.py a.docx -max_total_time=600 [CORPUS]``.

The first word is a name of ``SEEDS`` or ``OTHERS`` in ``tests/test_fuzz.py``, the others are
libFuzzer's (https://llvm.org/docs/LibFuzzer.html). A file that breaks a reader is kept as
``crash-*``; as the last word it is tried again.
"""

from __future__ import annotations

import random
import sys
import tempfile
import warnings
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
with atheris.instrument_imports(include=["mt.text", "mt.align.formats", "mt.config", "polib"]):
    import test_fuzz


def main() -> None:
    warnings.simplefilter("ignore")
    name, *options = sys.argv[1:]

    def try_file(data: bytes) -> None:
        test_fuzz.check(data, name, random.Random(zlib.crc32(data)))  # the same whenever tried

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        """As our own tests do it, for what is in a ZIP or in a tree, or as libFuzzer does."""
        rng = random.Random(seed)
        if rng.randrange(2):
            torn = (zipfile.BadZipFile, zlib.error, LookupError, ValueError, RuntimeError, EOFError)
            with suppress(*torn):  # what libFuzzer has made of it is no archive any more
                return test_fuzz.make_case(rng, name, [data])[:most]
        return bytes(atheris.Mutate(data, most))

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(test_fuzz.make_seeds(name)):
            Path(folder, f"seed-{number}").write_bytes(seed)
        if all(option.startswith("-") for option in options):
            options.append(folder)
        atheris.Setup(["awda", "-rss_limit_mb=2000", *options], try_file, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
