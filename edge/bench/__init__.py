"""Measure this device: each stage in a process of its own, its speed beside its accuracy.

`measure.bench` runs the stages of `stages.STAGES` and returns a `schema.Bench`. To add one: write a module in
`edge/bench/stages`, add it to the table, and run `python -m tools.golden`.
"""
