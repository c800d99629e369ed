"""``python -m mt.cli``, the same as ``awda``."""

from mt.cli import main

main()
