"""The universal surrogate predicts what a circuit that it never saw will measure, from the circuit's graph and the
turns so far.

A graph network reads the circuit at one measured design (`graph`, `network`) and generates for every spec a mean and a
kernel over log changes of sizes. A Gaussian process in closed form does the rest (`posterior`). `checkpoint` holds the
weights. numpy only; the same network is trained in torch (`train/universal`).
"""
