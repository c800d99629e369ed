"""Scores and reports, rebuilt from a run directory alone; no model is loaded here.

    run directory -> Pairs -> scores, significance, fidelity -> Report -> render

Write ``from eval.report import build_report``: a plain ``import eval`` would hide the builtin.
"""
