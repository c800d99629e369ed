"""Metrics over sacreBLEU, their intervals, and the tests between systems."""
